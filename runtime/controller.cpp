#include "runtime/controller.h"

#include <future>
#include <utility>

#include "runtime/controller_core.h"
#include "runtime/doubtful.h"
#include "runtime/evaluation.h"
#include "runtime/files.h"
#include "runtime/logging_block.h"
#include "runtime/plan.h"
#include "runtime/secret_names.h"
#include "runtime/settle.h"

namespace weir::runtime {
namespace {

LoadResult refused_for_ending(std::string_view cause) {
  LoadResult result;
  result.cause = cause;
  result.diagnostics.push_back({.source = nullptr, .span = {}, .message = "weir is stopping", .notes = {}});
  return result;
}

class ThreadedController final : public Controller {
 public:
  ThreadedController(Environment environment, Options options)
      : core_(ControllerCore::create(std::move(environment), std::move(options))) {}
  ~ThreadedController() override { core_->stop(); }

  LoadResult load(std::string_view cause) override {
    auto promise = std::make_shared<std::promise<LoadResult>>();
    auto decided = promise->get_future();
    load_async(std::string(cause), [promise](const LoadResult& result) { promise->set_value(result); });
    promise = nullptr;
    try {
      return decided.get();
    } catch (const std::future_error&) {
      // The job was dropped: the controller ends.
      return refused_for_ending(cause);
    }
  }

  void load_async(std::string cause, std::function<void(const LoadResult&)> done) override {
    core_->post([core = core_.get(), cause = std::move(cause), done = std::move(done)] {
      LoadResult result = core->load(cause);
      if (done) done(result);
    });
  }

  std::shared_ptr<const Snapshot> snapshot() const override { return core_->snapshot(); }
  std::vector<std::string> stop() override { return core_->stop(); }

 private:
  std::shared_ptr<ControllerCore> core_;
};

}  // namespace

std::unique_ptr<Controller> Controller::create(Environment environment, Options options) {
  return std::make_unique<ThreadedController>(std::move(environment), std::move(options));
}

lang::Diagnostics validate(const std::filesystem::path& path, const Registry& registry,
                           Stability least_stability) {
  lang::Diagnostics diagnostics;
  auto sources = read_config(path, diagnostics);
  PlanInputs inputs{.files = parse_all(sources, diagnostics)};
  if (!lang::has_errors(diagnostics)) {
    const EnvLookup nothing_is_known;
    auto no_exports = [](const Plan& planned) { return ExportList(planned.nodes.size()); };
    Settlement settlement({registry, least_stability}, Settlement::Purpose::validate, no_exports,
                          nothing_is_known);
    PlanPtr plan = settlement.settle(std::move(inputs), diagnostics);
    decode_logging(plan->logging, {}, diagnostics);
    // What is unused because its name is misspelt elsewhere is no news.
    if (!lang::has_errors(diagnostics)) warn_of_doubtful(*plan, diagnostics);
  }
  drop_repetitions(diagnostics);
  lang::sort_by_place(diagnostics);
  lang::keep_first(diagnostics);
  hide_secrets(diagnostics, registry);
  return diagnostics;
}

}  // namespace weir::runtime
