#include "cli/rehearsal.h"

#include <optional>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "cli/http_service_adapter.h"
#include "components/builtin.h"
#include "components/discovery/target_list.h"
#include "components/pyroscope/receiver.h"
#include "runtime/controller.h"

namespace weir::cli {
namespace {

// Nothing is fetched in a rehearsal: no component is started that could ask.
class NoFetcher final : public runtime::Fetcher {
 public:
  std::unique_ptr<runtime::Fetch> fetch(runtime::FetchRequest, runtime::FetchEvents) override {
    return nullptr;
  }
};

// Takes profiles that nobody makes.
class NoReceiver final : public pyroscope::ProfileReceiver {
 public:
  void push(profile::ProfilePtr) const override {}
};

// What a component exports that is not named: no targets, where it finds targets; a receiver, where it is
// one.
std::optional<lang::Value> exports_of(const Props& props, std::string_view id,
                                      const runtime::ComponentType& type) {
  auto named = props.exports.find(std::string(id));
  if (named != props.exports.end()) return named->second;
  if (type.exports->fields.size() != 1) return std::nullopt;
  std::string_view name = type.exports->fields.front().name;
  if (name == "targets") return lang::to_object(discovery::TargetExports{});
  if (name == "receiver") return lang::to_object(pyroscope::ReceiverExports{std::make_shared<NoReceiver>()});
  return std::nullopt;
}

}  // namespace

Rehearsed rehearse(const std::filesystem::path& config, const Props& props) {
  LogHub log([](std::string_view) {});  // what is wrong stands in the diagnostics and in health
  MetricRegistry metrics;
  auto registry = std::make_shared<runtime::Registry>();
  register_components(*registry);
  NoFetcher fetcher;
  HttpServiceAdapter http;
  runtime::Environment environment{
      .registry = registry.get(),
      .log = &log,
      .metrics = &metrics,
      .clock = &system_clock(),
      .fetcher = &fetcher,
      .http = &http,
      .storage_path = "/nonexistent",
      .env =
          [&](std::string_view name) {
            auto found = props.env.find(std::string(name));
            return found == props.env.end() ? std::string() : found->second;
          },
      .rehearsed_exports = [&](std::string_view id,
                               const runtime::ComponentType& type) { return exports_of(props, id, type); },
  };
  auto controller =
      runtime::Controller::create(std::move(environment), {.config_path = config, .watch_file = false});
  runtime::LoadResult result = controller->load("rehearsal");
  Rehearsed rehearsed{.registry = registry,
                      .snapshot = result.ok ? controller->snapshot() : nullptr,
                      .diagnostics = std::move(result.diagnostics)};
  controller->stop();
  return rehearsed;
}

}  // namespace weir::cli
