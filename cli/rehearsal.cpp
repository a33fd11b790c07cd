#include "cli/rehearsal.h"

#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "cli/fetcher_adapter.h"
#include "cli/http_service_adapter.h"
#include "components/builtin.h"
#include "components/discovery/target_list.h"
#include "components/pyroscope/receiver.h"
#include "lang/text.h"
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

// A config, and what it needs around it.
struct Stage {
  Stage(const std::filesystem::path& config, const Props& props, runtime::Fetcher& fetcher,
        std::string started_id = {});

  const std::shared_ptr<runtime::Registry> registry = std::make_shared<runtime::Registry>();
  LogHub log{[](std::string_view) {}};  // what is wrong stands in the diagnostics and in health
  MetricRegistry metrics;
  HttpServiceAdapter http;
  std::unique_ptr<runtime::Controller> controller;  // goes before all that it uses
};

Stage::Stage(const std::filesystem::path& config, const Props& props, runtime::Fetcher& fetcher,
             std::string started_id) {
  register_components(*registry);
  runtime::Environment environment{
      .registry = registry.get(),
      .log = &log,
      .metrics = &metrics,
      .clock = &system_clock(),
      .fetcher = &fetcher,
      .http = &http,
      .storage_path = "/nonexistent",
      .env = props.env,
      .rehearsed_exports = [&props](
                               std::string_view id,
                               const runtime::ComponentType& type) { return exports_of(props, id, type); },
      .started_id = std::move(started_id),
  };
  controller =
      runtime::Controller::create(std::move(environment), {.config_path = config, .watch_file = false});
}

// What has come of a started component; null while there is nothing to say of it.
std::optional<Result<lang::Value>> outcome_of(const runtime::Snapshot& snapshot, const std::string& id) {
  const runtime::Node* node = snapshot.find(id);
  if (node == nullptr) return fail("the config has no component \"{}\"", lang::printable(id));
  auto state = node->state();
  if (!state->exports.is_null()) return state->exports;
  using enum runtime::HealthState;
  bool is_hopeless = state->health.state == unhealthy || state->health.state == exited ||
                     state->evaluation_health.state == waiting;
  if (is_hopeless) return fail("{}: {}", id, state->health.message);
  return std::nullopt;
}

}  // namespace

Rehearsed rehearse(const std::filesystem::path& config, const Props& props) {
  NoFetcher fetcher;
  Stage stage(config, props, fetcher);
  runtime::LoadResult result = stage.controller->load("rehearsal");
  Rehearsed rehearsed{.registry = stage.registry,
                      .snapshot = result.ok ? stage.controller->snapshot() : nullptr,
                      .diagnostics = std::move(result.diagnostics)};
  stage.controller->stop();
  return rehearsed;
}

Result<lang::Value> look(const std::filesystem::path& config, const Props& props, const std::string& id,
                         Duration patience) {
  constexpr auto kBetweenLooks = std::chrono::milliseconds(5);
  FetcherAdapter fetcher(props.env);
  Stage stage(config, props, fetcher, id);
  runtime::LoadResult result = stage.controller->load("rehearsal");
  if (!result.ok) return fail("the config is refused");
  MonoTime end = system_clock().mono() + patience;
  auto outcome = outcome_of(*stage.controller->snapshot(), id);
  while (!outcome && system_clock().mono() < end) {
    std::this_thread::sleep_for(kBetweenLooks);
    outcome = outcome_of(*stage.controller->snapshot(), id);
  }
  stage.controller->stop();
  if (!outcome) return fail("{} has found nothing within {}", id, format_duration(patience));
  return *std::move(outcome);
}

}  // namespace weir::cli
