// weir with few components and one more: test.profiles, a source of profiles that can be told apart. For the
// integration tests of delivery.
#include <fcntl.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "base/fd.h"
#include "components/builtin.h"
#include "components/pyroscope/receiver.h"
#include "components/pyroscope/store.h"
#include "components/pyroscope/write.h"
#include "runtime/component.h"

namespace weir {
namespace {

class TestProfiles {
 public:
  static constexpr std::string_view kName = "test.profiles";
  static constexpr auto kStability = runtime::Stability::experimental;
  static constexpr std::string_view kDoc = "Makes profiles whose label n counts them.";

  struct Arguments {
    std::vector<pyroscope::ReceiverPtr> forward_to;
    Duration every = std::chrono::seconds(1);
    std::int64_t per_round = 5, rounds = 0, first = 0, samples = 20;
    Duration window{};
    std::string log;

    static constexpr auto fields() {
      using A = Arguments;
      return std::tuple{
          lang::required("forward_to", &A::forward_to, "Where they go."),
          lang::optional("every", &A::every, "Time between two rounds.").at_least(1e-3),
          lang::optional("per_round", &A::per_round, "Profiles in a round."),
          lang::optional("rounds", &A::rounds, "How many rounds; 0 means for ever."),
          lang::optional("first", &A::first, "The first number."),
          lang::optional("samples", &A::samples, "Samples in a profile."),
          lang::optional("window", &A::window, "Their times lie so far apart, the last one is now."),
          lang::optional("log", &A::log, "File for the last number and the time of each round."),
      };
    }
    bool operator==(const Arguments&) const = default;
  };
  using Exports = lang::Nothing;
  using DebugInfo = lang::Nothing;

  TestProfiles(runtime::Context& ctx, Arguments args) : ctx_(ctx), args_(std::move(args)) {}
  void start() {
    next_ = args_.first;
    round();
  }
  void apply(Arguments args) { args_ = std::move(args); }
  void stop() { timer_.reset(); }

 private:
  void round() {
    if (args_.rounds > 0 && done_ >= args_.rounds) return;
    for (std::int64_t i = 0; i < args_.per_round; ++i) push(next_++);
    ++done_;
    say();
    timer_ = ctx_.after(args_.every, [this] { round(); });
  }

  void push(std::int64_t number) {
    auto profile = std::make_shared<profile::Profile>();
    profile->id = profile::ProfileId::random();
    profile->labels = {{"service_name", "load"}, {"n", std::to_string(number)}};
    Duration age = args_.window * std::max<std::int64_t>(0, args_.rounds - done_ - 1);
    profile->start = ctx_.clock().wall() - std::chrono::duration_cast<WallTime::duration>(age);
    profile->duration = std::chrono::seconds(1);
    profile->period = 10'000'000;
    for (std::int64_t i = 0; i < args_.samples; ++i) {
      auto at = static_cast<std::uint32_t>(i);
      profile->frames.push_back({.kind = profile::FrameKind::native,
                                 .no_name = profile::NoName::named,
                                 .lines = {{.function = "function_" + std::to_string(i)}}});
      profile->stacks.push_back({.frames = {at}, .complete = true});
      profile->samples.push_back({.stack = at, .value = 10'000'000, .count = 1});
    }
    for (const auto& receiver : args_.forward_to) receiver->push(profile);
  }

  // By one write(), so that it stands there however the process ends.
  void say() {
    if (args_.log.empty()) return;
    if (!log_) log_ = Fd(::open(args_.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
    auto now = std::chrono::duration<double>(ctx_.clock().wall().time_since_epoch()).count();
    std::string line = fmt::format("{} {:.6f}\n", next_ - 1, now);
    if (log_ && ::write(log_.get(), line.data(), line.size()) < 0) log_.reset();
  }

  runtime::Context& ctx_;
  Arguments args_;
  std::int64_t next_ = 0, done_ = 0;
  runtime::Timer timer_;
  Fd log_;
};

}  // namespace

// Instead of the program's own list.
void register_components(runtime::Registry& registry) {
  registry.add(pyroscope::Store::kName, &runtime::component_type<pyroscope::Store>);
  registry.add(pyroscope::Write::kName, &runtime::component_type<pyroscope::Write>);
  registry.add(TestProfiles::kName, &runtime::component_type<TestProfiles>);
}

}  // namespace weir
