// The table of the HTTP API: every path, what it takes, what it answers and who does.
#include <algorithm>
#include <ranges>

#include "web/api.h"
#include "web/parameters.h"
#include "web/route.h"

namespace weir::web {
namespace {

using enum Route::Methods;
using enum Route::Unknown;

const Status kNoComponent{404, "No component has the id."};
const Status kNoStore{404, "The config has no pyroscope.store, or none of that id."};

const Status kNothing{404, "Nothing is selected."};
const Status kIncomparable{400, "The two have different units, or no length of time to compare by."};

// Which profiles, and what else the route takes.
std::vector<Parameter> selecting(std::vector<Parameter> more) {
  auto selection = selection_parameters();
  std::vector<Parameter> all(selection.begin(), selection.end());
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

// And which others beside them.
std::vector<Parameter> comparing(std::vector<Parameter> more) {
  using namespace parameter;
  std::vector<Parameter> others{kBeforeService, kBeforeType,  kBeforeLabels,
                                kBeforeFrom,    kBeforeUntil, kBasis};
  others.insert(others.end(), more.begin(), more.end());
  return selecting(std::move(others));
}

std::vector<Route> common_routes() {
  return {
      {.path = "/metrics",
       .answer = answer_metrics,
       .doc =
           "All metrics, in the text format of Prometheus (0.0.4); [Metrics](metrics.md) lists weir's own.",
       .unknown = ignored,
       .example = "/metrics"},
      {.path = "/-/ready",
       .answer = answer_ready,
       .doc = "Whether a config runs; says nothing of the health of its components.",
       .statuses = {{503, "No config has been loaded yet."}},
       .unknown = ignored,
       .example = "/-/ready"},
      {.path = "/-/healthy",
       .answer = answer_healthy,
       .doc = "Whether every component works.",
       .statuses = {{500, "Components are unhealthy or exited; the answer has their ids."}},
       .unknown = ignored,
       .example = "/-/healthy"},
      {.path = "/-/reload",
       .methods = post,
       .answer = answer_reload,
       .doc =
           "Loads the config again, and answers once it is in effect. One that is refused changes nothing.",
       .statuses = {{400, "The config is refused; the answer has every error with its place."}},
       .unknown = ignored,
       .example = "/-/reload"},
      {.path = "/api/v0/component/…",
       .methods = any,
       .answer = answer_component_handler,
       .doc = "What the component of the id in front answers by itself. No component of this version does: "
              "[pyroscope.receive_http](pyroscope.receive_http.md) listens on an address of its own.",
       .type = "any",
       .statuses = {{400, "No component has the id."}, {404, "The component answers no requests."}},
       .unknown = ignored},
  };
}

std::vector<Route> component_routes() {
  using namespace parameter;
  return {
      {.path = "/api/v0/web/components",
       .answer = answer_components,
       .doc = "The components of the config with their health, in the order of the text; their values are "
              "left out.",
       .type = "[Component]",
       .parameters = {kModules, kStates},
       .unknown = ignored,
       .example = "/api/v0/web/components"},
      {.path = "/api/v0/web/modules/ID/components",
       .answer = answer_module,
       .doc = "The same of one module: ID is one of a component's createdModuleIDs.",
       .type = "[Component]",
       .parameters = {kStates},
       .statuses = {{404, "No module has the id."}},
       .unknown = ignored,
       .example = "/api/v0/web/modules/ship.local/components"},
      {.path = "/api/v0/web/components/ID/views/NAME",
       .answer = answer_view,
       .doc = "Some rows of a list that is too long to be sent: one of the component's views, or a "
              "list among its arguments and exports, such as exports.targets.",
       .type = "ViewPage",
       .parameters = {kViewFilter, kOffset, kPageLimit},
       .statuses = {kNoComponent, {404, "The component has no such list, or it is secret."}},
       .example = "/api/v0/web/components/discovery.process.all/views/exports.targets?offset=1&limit=1"},
      {.path = "/api/v0/web/components/ID/metrics",
       .answer = answer_component_metrics,
       .doc = "Those of /metrics that are of this component; at most 500. Of histograms, sum and count.",
       .type = "ComponentMetrics",
       .statuses = {kNoComponent},
       .example = "/api/v0/web/components/pyroscope.ebpf.machine/metrics"},
      {.path = "/api/v0/web/components/ID",
       .answer = answer_component,
       .doc = "One component with all that is known of it.",
       .type = "ComponentDetail",
       .parameters = {kDefaults, kStates},
       .statuses = {kNoComponent},
       .unknown = ignored,
       .example = "/api/v0/web/components/pyroscope.ebpf.machine"},
      {.path = "/api/v0/web/peers",
       .answer = answer_peers,
       .doc = "Who shares the work: this weir alone, as there is no cluster.",
       .type = "[Peer]",
       .unknown = ignored,
       .example = "/api/v0/web/peers"},
      {.path = "/api/v0/web/remotecfg/components",
       .answer = answer_remote_components,
       .doc = "The components of a config from a server: none, as weir takes its config from files only.",
       .type = "[Component]",
       .unknown = ignored,
       .example = "/api/v0/web/remotecfg/components"},
      {.path = "/api/v0/web/graph",
       .answer = answer_graph,
       .doc = "All components, those in modules too, and what flows between them.",
       .type = "Graph",
       .example = "/api/v0/web/graph"},
  };
}

std::vector<Route> machine_routes() {
  using namespace parameter;
  return {
      {.path = "/api/v0/web/status",
       .answer = answer_status,
       .doc = "weir itself: its version, its last load, what it costs, what it samples and loses.",
       .type = "Status",
       .example = "/api/v0/web/status"},
      {.path = "/api/v0/web/events",
       .answer = answer_events,
       .doc = "What has changed, told without being asked: a stream of server-sent events without an "
              "end. At most once a second it has `status`, the answer of /api/v0/web/status, at "
              "first, whenever more of it than the time is another, and every 15 s; and `changed`, a "
              "list of the topics whose paths answer otherwise now: components (which there are, and "
              "their health), component (anything of one), graph, config (the one that runs; nobody "
              "watches the disk for it), profiles, targets (services that come and go; processes and "
              "their CPU time change all the while). The id of `changed` says how far that is: who "
              "comes back with it as `since`, or as the header Last-Event-ID, is told what has "
              "changed after it. At most 64 streams are open at a time.",
       .type = "text/event-stream",
       .parameters = {kSince},
       .statuses = {{503, "There are too many streams already; Retry-After says when to try again."}},
       .example = "/api/v0/web/events"},
      {.path = "/api/v0/web/config",
       .answer = answer_config,
       .doc = "The texts of the config as they run and, where they differ, as they are on the disk; "
              "(secret) stands for what is secret.",
       .type = "Config",
       .example = "/api/v0/web/config"},
      {.path = "/api/v0/web/targets",
       .answer = answer_targets,
       .doc = "Every process of the machine that has used CPU: what is done with it, and why.",
       .type = "Targets",
       .parameters = {kProcessPid, kProcessFilter, kState, kSort, kOffset, kPageLimit},
       .example = "/api/v0/web/targets?state=names_missing"},
      {.path = "/api/v0/web/explain",
       .answer = answer_explain,
       .doc = "The way of a target through the config: who found it, what each rule did with it, who "
              "uses it. Tells of 20 targets, for 2 s and 8 MiB at most.",
       .type = "Explanations",
       .parameters = {kPid, kContainer, kWantedLabels, kFormat},
       .statuses = {{400, "Neither pid, nor container, nor labels is given."}},
       .example = "/api/v0/web/explain?pid=4211"},
  };
}

std::vector<Route> profile_routes() {
  using namespace parameter;
  return {
      {.path = "/api/v0/web/profiles/services",
       .answer = answer_services,
       .doc = "The services that have profiles in the range, the largest total first.",
       .type = "Services",
       .parameters = {kFrom, kUntil, kPoints, kStore},
       .statuses = {{404, "No pyroscope.store has that id."}},
       .example = "/api/v0/web/profiles/services?from=1699999980000&until=1700000040000&points=2"},
      {.path = "/api/v0/web/profiles/flame",
       .answer = answer_flame,
       .doc = "The flame tree of what is selected.",
       .type = "FlameAnswer",
       .parameters = selecting({kMaxNodes}),
       .statuses = {kNoStore},
       .example =
           "/api/v0/web/profiles/flame?service=checkout&from=1699999980000&until=1700000040000&max_nodes=10"},
      {.path = "/api/v0/web/profiles/series",
       .answer = answer_series,
       .doc = "The total of what is selected, step by step.",
       .type = "Series",
       .parameters = selecting({kStep}),
       .statuses = {kNoStore},
       .example =
           "/api/v0/web/profiles/series?service=checkout&from=1699999980000&until=1700000040000&step=15"},
      {.path = "/api/v0/web/profiles/functions",
       .answer = answer_functions,
       .doc = "The functions of what is selected, the largest first.",
       .type = "Functions",
       .parameters = selecting({kFunctionsBy, kRowLimit}),
       .statuses = {kNoStore},
       .example =
           "/api/v0/web/profiles/functions?service=checkout&from=1699999980000&until=1700000040000&limit=2"},
      {.path = "/api/v0/web/profiles/breakdown",
       .answer = answer_breakdown,
       .doc = "How much of what is selected has which value of a label, the largest first.",
       .type = "Breakdown",
       .parameters = selecting({kLabel}),
       .statuses = {kNoStore},
       .example = "/api/v0/web/profiles/"
                  "breakdown?service=checkout&from=1699999980000&until=1700000040000&label=host"},
      {.path = "/api/v0/web/profiles/diff",
       .answer = answer_diff,
       .doc = "What is selected beside another selection: the functions that changed most, and the "
              "flame tree of both. What no before_… says is as in the first; the range is as long, "
              "and ends where the first begins.",
       .type = "Diff",
       .parameters = comparing({kRowLimit, kMaxNodes}),
       .statuses = {kIncomparable, kNoStore},
       .example = "/api/v0/web/profiles/"
                  "diff?service=checkout&from=1700000010000&until=1700000040000&limit=1&max_nodes=10"},
      {.path = "/api/v0/web/profiles/pprof",
       .answer = answer_pprof,
       .doc = "All of what is selected as one profile, as `go tool pprof` reads it: gzip-compressed "
              "profile.proto.",
       .type = "application/octet-stream",
       .parameters = selecting({}),
       .statuses = {kNothing, kNoStore},
       .example = "/api/v0/web/profiles/pprof?service=checkout"},
      {.path = "/api/v0/web/profiles/folded",
       .answer = answer_folded,
       .doc = "What is selected as text, a line a stack with its value behind it, as flamegraph.pl reads it.",
       .parameters = selecting({}),
       .statuses = {kNothing, kNoStore},
       .example = "/api/v0/web/profiles/folded?service=checkout&from=1699999980000&until=1700000040000"},
      {.path = "/api/v0/web/profiles/speedscope",
       .answer = answer_speedscope,
       .doc = "What is selected as a file of speedscope.app.",
       .type = "application/json",
       .parameters = selecting({}),
       .statuses = {kNothing, kNoStore},
       .example = "/api/v0/web/profiles/speedscope?service=checkout"},
      {.path = "/api/v0/web/profiles/html",
       .answer = answer_html,
       .doc = "The flame graph of what is selected as a page in a file, which asks nobody for "
              "anything; with any before_… that of both, as diff has it.",
       .type = "text/html",
       .parameters = comparing({}),
       .statuses = {kIncomparable, kNothing, kNoStore},
       .example = "/api/v0/web/profiles/html?service=checkout"},
  };
}

std::vector<Route> all_routes() {
  std::vector<Route> all;
  for (auto part : {common_routes, machine_routes, component_routes, profile_routes}) {
    for (Route& route : part()) all.push_back(std::move(route));
  }
  all.push_back({.path = "/…",
                 .answer = answer_asset,
                 .doc = "The page, and the files that it asks for.",
                 .type = "text/html",
                 .statuses = {{404, "None of the paths of this list."}},
                 .unknown = ignored});
  return all;
}

}  // namespace

std::span<const Parameter> selection_parameters() {
  using namespace parameter;
  static constexpr Parameter kAll[] = {kService, kType, kLabels, kFrom, kUntil, kStore};
  return kAll;
}

bool selects(const Route& route) {
  auto names = [](std::span<const Parameter> parameters) {
    return parameters | std::views::transform(&Parameter::name);
  };
  std::span<const Parameter> own = route.parameters;
  std::size_t count = selection_parameters().size();
  return own.size() >= count && std::ranges::equal(names(own.first(count)), names(selection_parameters()));
}

std::span<const Route> routes() {
  static const std::vector<Route> all = all_routes();
  return all;
}

}  // namespace weir::web
