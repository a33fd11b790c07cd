// Why a target is profiled under these labels, or is not: its way through the graph.
#include <utility>

#include "runtime/explain.h"
#include "web/api.h"
#include "web/explanation.h"
#include "web/parameters.h"
#include "web/wanted_targets.h"

namespace weir::web {
namespace {

// The worker has others to answer, and the page shows no more.
runtime::ExplainLimits limits_of(const Site& site) {
  return {.targets = 20, .bytes = 8u << 20, .time = std::chrono::seconds(2), .clock = site.options().clock};
}

net::Response explain(const runtime::Snapshot& snapshot, const WantedTargets& wanted,
                      const runtime::ExplainLimits& limits, bool is_text) {
  auto query = [&](const lang::Map& target) { return wanted.match(target); };
  auto explanations = runtime::explain_targets(snapshot, query, limits);
  if (is_text) {
    auto response = net::Response::text(200, explanations_text(explanations));
    response.headers.set(std::string(kFoundHeader), std::to_string(explanations.found));
    return response;
  }
  JsonWriter json;
  write_explanations(json, explanations);
  return json_response(std::move(json));
}

}  // namespace

void answer_explain(Site& site, const Call& call) {
  auto labels = parse_wanted_labels(text_of(call.request, parameter::kWantedLabels));
  if (!labels) {
    call.reply(json_error(400, labels.error().message));
    return;
  }
  WantedTargets wanted{.labels = *std::move(labels),
                       .pid = text_of(call.request, parameter::kPid),
                       .container = text_of(call.request, parameter::kContainer)};
  if (wanted.empty()) {
    call.reply(json_error(400, "say which targets: pid=N, container=ID or labels={\"name\": \"value\"}"));
    return;
  }
  bool is_text = word_of(call.request, parameter::kFormat) == "text";
  site.offload(call.reply, [snapshot = site.snapshot(), wanted, limits = limits_of(site), is_text] {
    return explain(*snapshot, wanted, limits, is_text);
  });
}

}  // namespace weir::web
