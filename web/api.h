// The handlers of the API, one a route; see the table in routes.cpp.
#pragma once

#include "web/site.h"

namespace weir::web {

// admin.cpp
void answer_metrics(Site& site, const Call& call);
void answer_ready(Site& site, const Call& call);
void answer_healthy(Site& site, const Call& call);
void answer_reload(Site& site, const Call& call);

// api_components.cpp
void answer_components(Site& site, const Call& call);
void answer_component(Site& site, const Call& call);
void answer_module(Site& site, const Call& call);
void answer_view(Site& site, const Call& call);
void answer_component_handler(Site& site, const Call& call);  // the component's own

// api_component_metrics.cpp
void answer_component_metrics(Site& site, const Call& call);

// api_alone.cpp: what has an answer only where programs work together
void answer_peers(Site& site, const Call& call);
void answer_remote_components(Site& site, const Call& call);

// api_targets.cpp
void answer_targets(Site& site, const Call& call);

// api_explain.cpp
void answer_explain(Site& site, const Call& call);

// api_graph.cpp
void answer_graph(Site& site, const Call& call);

// api_config.cpp
void answer_config(Site& site, const Call& call);

// api_status.cpp
void answer_status(Site& site, const Call& call);

// api_events.cpp
void answer_events(Site& site, const Call& call);

// api_profiles.cpp; times are Unix milliseconds, in and out
void answer_services(Site& site, const Call& call);
void answer_flame(Site& site, const Call& call);
void answer_series(Site& site, const Call& call);

// api_files.cpp: what is selected as a file
void answer_pprof(Site& site, const Call& call);
void answer_folded(Site& site, const Call& call);
void answer_speedscope(Site& site, const Call& call);
void answer_html(Site& site, const Call& call);  // also of two selections beside each other

// api_functions.cpp
void answer_functions(Site& site, const Call& call);
void answer_diff(Site& site, const Call& call);
void answer_breakdown(Site& site, const Call& call);

// assets.cpp
void answer_asset(Site& site, const Call& call);

}  // namespace weir::web
