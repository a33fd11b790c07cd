// The metrics of one component, as /metrics has them.

#include "web/api.h"
#include "web/component_metrics.h"

namespace weir::web {

void answer_component_metrics(Site& site, const Call& call) {
  auto snapshot = site.snapshot();
  const auto* node = find_component(*snapshot, call);
  if (!node) return;
  site.offload(call.reply, [metrics = site.options().metrics, module = node->module_id, id = node->local_id] {
    JsonWriter json;
    json.begin_object().key("metrics").begin_array();
    for (const auto& series : component_metrics(metrics->expose(), module, id)) {
      json.begin_object().member("name", series.name).member("help", series.help);
      json.member("labels", series.labels).member("value", series.value).end_object();
    }
    json.end_array().end_object();
    return json_response(std::move(json));
  });
}

}  // namespace weir::web
