// weir top: who uses the CPUs, live.

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <optional>
#include <thread>

#include <fmt/core.h>

#include "base/own_usage.h"
#include "cli/commands.h"
#include "cli/record_plan.h"
#include "cli/sampling.h"
#include "cli/screen.h"
#include "cli/signals.h"
#include "cli/terminal.h"
#include "cli/top_screen.h"

namespace weir::cli {
namespace {

constexpr Flag kFlags[] = {
    {.name = "interval", .value = "SECONDS", .default_text = "2", .doc = "Between two looks.", .letter = 'i'},
    {.name = "rate",
     .value = "HERTZ",
     .default_text = "97",
     .doc = "Samples a second on each CPU.",
     .letter = 'r'},
    {.name = "by",
     .value = "KIND",
     .default_text = "processes",
     .doc = "What to begin with, and what a pipe gets: processes, functions or containers."},
    {.name = "filter",
     .value = "TEXT",
     .default_text = "",
     .doc = "Only rows with this in a name, whatever the case.",
     .letter = 'f'},
    {.name = "count",
     .value = "NUMBER",
     .default_text = "0",
     .doc = "End after so many intervals; 0: when told to.",
     .letter = 'n'},
    {.name = "rows",
     .value = "NUMBER",
     .default_text = "15",
     .doc = "In an interval, where a pipe gets them."},
};

struct Plan {
  Duration interval{};
  std::uint32_t rate = 97;
  std::uint32_t count = 0;
  std::uint32_t rows = 0;
  TopState state;
};

Result<TopKind> parse_kind(std::string_view text) {
  if (text == "processes") return TopKind::processes;
  if (text == "functions") return TopKind::functions;
  if (text == "containers") return TopKind::containers;
  return fail("--by: \"{}\" is none of processes, functions, containers", text);
}

Result<Plan> make_plan(const Invocation& invocation) {
  constexpr std::int64_t kMany = 1'000'000;
  Plan plan;
  auto interval = parse_length("interval", invocation.flag("interval"));
  if (!interval) return fail(interval.error());
  if (*interval < std::chrono::milliseconds(100)) return fail("--interval: 0.1 s is the shortest");
  plan.interval = *interval;
  auto rate = parse_number("rate", invocation.flag("rate"), kHighestRate);
  if (!rate) return fail(rate.error());
  plan.rate = *rate;
  auto kind = parse_kind(invocation.flag("by"));
  if (!kind) return fail(kind.error());
  plan.state.kind = *kind;
  plan.state.filter = invocation.flag("filter");
  auto rows = parse_number("rows", invocation.flag("rows"), kMany);
  if (!rows) return fail(rows.error());
  plan.rows = *rows;
  if (invocation.flag("count") == "0") return plan;
  auto count = parse_number("count", invocation.flag("count"), kMany);
  if (!count) return fail(count.error());
  plan.count = *count;
  return plan;
}

class Top {
 public:
  Top(Plan plan, Sampling& sampling, Signals& signals)
      : plan_(std::move(plan)), sampling_(sampling), signals_(signals), screen_(Screen::open()) {}

  // The signal that ended it, 0 for none.
  int run();

 private:
  void look();
  void show();
  void read_keys();
  void heed(int signal);
  void pause();
  void go_on();
  bool is_over() const { return plan_.state.wants_to_end || (plan_.count > 0 && looks_ >= plan_.count); }

  Plan plan_;
  Sampling& sampling_;
  Signals& signals_;
  std::optional<Screen> screen_;
  std::optional<TopSummary> summary_;
  std::uint64_t lost_ = 0;  // before the interval
  std::uint32_t looks_ = 0;
  int ended_by_ = 0;
  MonoTime last_look_ = std::chrono::steady_clock::now();
};

void Top::look() {
  MonoTime now = std::chrono::steady_clock::now();
  TopInterval interval{.time = std::chrono::system_clock::now(),
                       .length = now - std::exchange(last_look_, now),
                       .cpus = std::max(1u, std::thread::hardware_concurrency()),
                       .profiles = sampling_.collect()};
  interval.processes = sampling_.session().processes();
  std::uint64_t lost = 0;
  for (const auto& loss : sampling_.session().report()->stats().losses) lost += loss.count;
  interval.lost = lost - std::exchange(lost_, lost);
  ++looks_;
  if (!plan_.state.is_frozen) summary_ = summarize(interval);
  if (screen_) return show();
  fmt::print("{}", plain_text(*summary_, plan_.state, plan_.rows));
  // Who reads it has gone.
  if (std::fflush(stdout) != 0) plan_.state.wants_to_end = true;
}

void Top::show() {
  if (!screen_) return;
  Screen::show(draw_screen(summary_ ? &*summary_ : nullptr, plan_.state, Screen::size(), color_of_stdout()));
}

void Top::read_keys() {
  if (Screen::is_gone()) {
    plan_.state.wants_to_end = true;
    return;
  }
  std::string keys = Screen::read();
  if (keys.empty()) return;
  press(plan_.state, keys);
  show();
}

void Top::heed(int signal) {
  switch (signal) {
    case SIGWINCH: return show();
    case SIGTSTP: return pause();
    case SIGCONT: return go_on();
    default: break;
  }
  plan_.state.wants_to_end = true;
  ended_by_ = signal;
}

// As Ctrl-Z does with any program, but in a terminal that is as it was.
void Top::pause() {
  if (screen_) screen_->leave();
  // The kernel drops it where no shell could wake the process again, as below ssh -t.
  ::raise(SIGTSTP);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTSTP);
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  go_on();
}

void Top::go_on() {
  if (screen_) screen_->enter();
  // What was sampled meanwhile is of no interval.
  (void)sampling_.collect();
  last_look_ = std::chrono::steady_clock::now();
  show();
}

int Top::run() {
  show();
  while (!is_over()) {
    MonoTime next = last_look_ + plan_.interval;
    bool is_readable =
        screen_ ? sampling_.wait({signals_.fd(), STDIN_FILENO}, next) : sampling_.wait({signals_.fd()}, next);
    if (is_readable) {
      if (signals_.is_pending()) heed(signals_.wait());
      if (screen_) read_keys();
    }
    if (std::chrono::steady_clock::now() >= next && !is_over()) look();
  }
  return ended_by_;
}

ExitCode top(const Invocation& invocation) {
  limit_malloc();
  auto plan = make_plan(invocation);
  if (!plan) {
    fmt::print(stderr, "Error: {}\n", plan.error().message);
    return kRefused;
  }
  LogHub log([](std::string_view) {});  // it would stand in the middle of the screen
  profiler::SessionOptions options{.sample_rate = plan->rate,
                                   .demangle = profiler::Demangle::simplified,
                                   .pid_label = true,
                                   .default_target = profile::Labels{{"service_name", "top"}}};
  options.limits.processes = 4096;
  options.limits.kernel_pid_entries = 16'384;
  auto signals = Signals::open({SIGWINCH, SIGTSTP, SIGCONT, SIGQUIT});
  auto sampling = signals ? Sampling::open(options, Logger(log, ""))
                          : Result<std::unique_ptr<Sampling>>(fail(signals.error()));
  if (!sampling) return no_sampling(sampling.error(), invocation);
  int ended_by = Top(*std::move(plan), **sampling, *signals).run();
  // Whoever presses Ctrl-\ wants to see where it was.
  if (ended_by == SIGQUIT) {
    Signals::reset();
    ::raise(SIGQUIT);
  }
  return kOk;
}

}  // namespace

constinit const Command kTopCommand{
    .name = "top",
    .operands = "",
    .summary = "show who uses the CPUs, live",
    .description =
        "Samples the whole machine and shows its processes, functions and containers, the busiest first; one "
        "CPU all the time is 100 %. Keys: Tab, 1, 2, 3 change the view, / filters, Space freezes, arrows "
        "scroll, q quits. Into a pipe it writes a table each interval.",
    .flags = kFlags,
    .min_operands = 0,
    .max_operands = 0,
    .run = top,
};

}  // namespace weir::cli
