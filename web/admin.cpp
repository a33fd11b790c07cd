#include <fmt/core.h>
#include <fmt/ranges.h>

#include "lang/diagnostic.h"
#include "web/api.h"

namespace weir::web {
namespace {

net::Response reload_response(const runtime::LoadResult& result) {
  if (result.ok) return net::Response::text(200, "config reloaded\n");
  std::string text = lang::render(result.diagnostics);
  return net::Response::text(400, text.empty() ? "the config was refused\n" : text);
}

}  // namespace

void answer_metrics(Site& site, const Call& call) {
  net::Response response;
  response.headers.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  response.body = site.options().metrics->expose();
  call.reply(std::move(response));
}

void answer_ready(Site& site, const Call& call) {
  if (site.snapshot()->ready) {
    call.reply(net::Response::text(200, "weir is ready.\n"));
  } else {
    call.reply(net::Response::text(503, "weir is not ready: no config has been loaded yet.\n"));
  }
}

void answer_healthy(Site& site, const Call& call) {
  std::vector<std::string_view> bad;
  auto snapshot = site.snapshot();
  for (const auto& node : snapshot->nodes) {
    auto state = node->state()->health.state;
    if (state == runtime::HealthState::unhealthy || state == runtime::HealthState::exited) {
      bad.push_back(node->id);
    }
  }
  if (bad.empty()) {
    call.reply(net::Response::text(200, "All components are healthy.\n"));
  } else {
    call.reply(net::Response::text(500, fmt::format("unhealthy components: {}\n", fmt::join(bad, ", "))));
  }
}

void answer_reload(Site& site, const Call& call) {
  site.options().controller->load_async(
      "POST /-/reload",
      [reply = call.reply](const runtime::LoadResult& result) { reply(reload_response(result)); });
}

}  // namespace weir::web
