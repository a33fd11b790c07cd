// weir record: profiles this machine, a process, a container or a command, once, into files.

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <optional>
#include <thread>

#include <fmt/core.h>

#include "base/own_usage.h"
#include "base/seconds.h"
#include "cli/commands.h"
#include "cli/figures.h"
#include "cli/launched.h"
#include "cli/record_plan.h"
#include "cli/sampling.h"
#include "cli/signals.h"
#include "cli/terminal.h"
#include "lang/text.h"
#include "store/merge.h"

namespace weir::cli {
namespace {

using profile::CollectionStats;

// Names are looked up while the files are still there …
constexpr Duration kLongestWindow = std::chrono::seconds(5);
// … and a window holds only so many distinct stacks: half as many samples are surely not too many.
constexpr std::int64_t kWindowSamples = 32'768;
constexpr Duration kProgress = std::chrono::milliseconds(250);

constexpr Flag kFlags[] = {
    {.name = "duration",
     .value = "SECONDS",
     .default_text = "10",
     .doc = "How long: a number of seconds, or a duration such as 1m30s; 0: until Ctrl-C. A command is "
            "recorded until it ends; with this flag it is ended with the recording, and all that it has "
            "started.",
     .letter = 'd'},
    {.name = "pid",
     .value = "PID",
     .default_text = "",
     .doc = "Only this process. May be given several times.",
     .letter = 'p'},
    {.name = "container",
     .value = "CONTAINER",
     .default_text = "",
     .doc = "Only the processes of this container: its id, the start of it, or its name in Docker."},
    {.name = "output",
     .value = "FILE",
     .default_text = kDefaultRecordFile,
     .doc = "Where to; the end of the name says in which form: .html (a flame graph that needs no server), "
            ".pb.gz (pprof), .folded (a line a stack), .speedscope.json. May be given several times.",
     .letter = 'o'},
    {.name = "rate",
     .value = "HERTZ",
     .default_text = "97",
     .doc = "Samples a second on each CPU.",
     .letter = 'r'},
    {.name = "open", .value = "", .default_text = "", .doc = "Show the first .html file in a browser."},
};

// One line that is written over again and again; nothing where nobody watches.
class Progress {
 public:
  // Not over what a command prints.
  explicit Progress(const RecordPlan& plan)
      : plan_(plan), shown_(plan.command.empty() && ::isatty(STDERR_FILENO) == 1) {}
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(Duration elapsed, std::uint64_t samples) const {
    if (!shown_) return;
    std::string of =
        plan_.duration > Duration::zero() ? fmt::format(" of {:g}", in_seconds(plan_.duration)) : "";
    say("\r\x1b[K  {:.1f}{} s, {} samples", in_seconds(elapsed), of, grouped(samples));
    std::fflush(stderr);
  }
  void clear() const {
    if (shown_) say("\r\x1b[K");
  }

 private:
  const RecordPlan& plan_;
  bool shown_;
};

struct Recorded {
  profile::Profile profile;
  CollectionStats stats;
  Duration duration{};
  std::string ended_by;  // why it ended before its time
};

class Recorder {
 public:
  Recorder(const RecordPlan& plan, Sampling& sampling, Signals& signals, std::optional<Launched>& command)
      : plan_(plan), sampling_(sampling), signals_(signals), command_(command) {}

  Recorded record();

 private:
  bool is_over();
  void take(std::vector<profile::ProfilePtr> profiles);
  Duration window() const;
  std::uint64_t samples() const { return sampling_.session().report()->stats().attributed; }
  Duration elapsed() const { return std::chrono::steady_clock::now() - start_; }

  const RecordPlan& plan_;
  Sampling& sampling_;
  Signals& signals_;
  std::optional<Launched>& command_;
  store::Merger merger_;
  MonoTime start_ = std::chrono::steady_clock::now();
  WallTime begun_ = std::chrono::system_clock::now();
  std::string ended_by_;
};

void Recorder::take(std::vector<profile::ProfilePtr> profiles) {
  for (const auto& profile : profiles) merger_.add(*profile);
}

bool Recorder::is_over() {
  if (command_ && command_->has_ended()) {
    ended_by_ = fmt::format("the command {}", command_->status_text());
    return true;
  }
  bool is_gone = !plan_.pids.empty() && std::ranges::none_of(plan_.pids, [](std::uint32_t pid) {
    return ::access(fmt::format("/proc/{}", pid).c_str(), F_OK) == 0;
  });
  if (is_gone) ended_by_ = "the process has ended";
  return is_gone || (plan_.duration > Duration::zero() && elapsed() >= plan_.duration);
}

Duration Recorder::window() const {
  std::int64_t samples_a_second =
      std::int64_t{plan_.rate} * std::max(1u, std::thread::hardware_concurrency());
  return std::min(kLongestWindow, Duration(std::chrono::seconds(kWindowSamples)) / samples_a_second);
}

Recorded Recorder::record() {
  Progress progress(plan_);
  MonoTime window_end = start_ + window();
  while (!is_over()) {
    progress.show(elapsed(), samples());
    MonoTime next = std::min(window_end, std::chrono::steady_clock::now() + kProgress);
    if (plan_.duration > Duration::zero()) next = std::min(next, start_ + plan_.duration);
    if (sampling_.wait({signals_.fd()}, next) && signals_.wait() != SIGCHLD) {
      ended_by_ = "stopped by a signal";
      break;
    }
    if (std::chrono::steady_clock::now() < window_end) continue;
    take(sampling_.collect());
    window_end = std::chrono::steady_clock::now() + window();
  }
  Recorded recorded{.duration = elapsed(), .ended_by = ended_by_};
  take(sampling_.session().finish(std::chrono::system_clock::now()));
  recorded.stats = sampling_.session().report()->stats();
  recorded.profile = merger_.take();
  // The windows before the first sample and after the last have none, but are part of the recording.
  recorded.profile.start = begun_;
  recorded.profile.duration = recorded.duration;
  return recorded;
}

web::FlameFacts facts_of(const RecordPlan& plan, const Recorded& recorded) {
  utsname machine{};
  ::uname(&machine);
  web::FlameFacts facts{.title = plan.title, .start = recorded.profile.start, .duration = recorded.duration};
  facts.rows = {{"Recorded", plan.title},
                {"Machine", machine.nodename},
                {"Kernel", fmt::format("{} {}", machine.sysname, machine.release)},
                {"From", format_time(recorded.profile.start)},
                {"Time", fmt::format("{:.1f} s", in_seconds(recorded.duration))},
                {"Rate", fmt::format("{} samples a second on each CPU", plan.rate)},
                {"Samples", grouped(recorded.stats.attributed)}};
  for (const auto& loss : recorded.stats.incomplete)
    facts.rows.emplace_back("Incomplete stacks", fmt::format("{}: {}", grouped(loss.count), loss.meaning));
  for (const auto& loss : recorded.stats.losses) {
    if (loss.count > 0) facts.losses.push_back(loss);
  }
  return facts;
}

void print_summary(const RecordPlan& plan, const Recorded& recorded) {
  const CollectionStats& stats = recorded.stats;
  double cpu = static_cast<double>(recorded.profile.total()) / 1e9;
  std::string why = recorded.ended_by.empty() ? "" : fmt::format(" ({})", recorded.ended_by);
  say("Recorded {} for {:.1f} s{}: {} samples, {:.2f} s of CPU time", lang::printable(plan.title),
      in_seconds(recorded.duration), why, grouped(stats.attributed), cpu);
  if (stats.attributed > 0)
    say(", {:.0f} % of the stacks complete", 100.0 * stats.complete / stats.attributed);
  say(".\n");
  std::uint64_t lost = 0;
  for (const auto& loss : stats.losses) lost += loss.count;
  say("{} samples lost{}\n", grouped(lost), lost == 0 ? "." : ":");
  for (const auto& loss : stats.losses) {
    if (loss.count > 0) say("  {} {}: {}\n", grouped(loss.count), loss.reason, loss.meaning);
  }
  if (stats.attributed == 0 && lost == 0)
    say("It used no CPU time at the moments it was looked at: record for longer, or with a higher --rate.\n");
}

ExitCode write_outputs(const RecordPlan& plan, const Recorded& recorded) {
  web::FlameFacts facts = facts_of(plan, recorded);
  ExitCode code = kOk;
  for (const RecordOutput& output : plan.outputs) {
    std::string content = encode(recorded.profile, output.form, facts);
    auto written = write_profile_file(output.path, content);
    if (!written) {
      say("Error: {}\n", written.error().message);
      code = kNoWorld;
      continue;
    }
    say("Wrote {} ({}).\n", output.path.string(), size_text(content.size()));
  }
  return code;
}

// Starts what is to be started, and lets the session know it.
Result<std::optional<Launched>> begin(const RecordPlan& plan, Sampling& sampling) {
  std::optional<Launched> command;
  std::optional<std::uint32_t> pid;
  if (!plan.command.empty()) {
    auto launched = Launched::start(plan.command);
    if (!launched) return fail(launched.error());
    command.emplace(*std::move(launched));
    pid = command->pid();
  }
  if (auto targets = targets_of(plan, pid); !targets.empty())
    sampling.session().set_targets(std::move(targets));
  // What the command maps before its first instruction is known by then, and how to walk its stacks.
  sampling.session().drain();
  if (command) {
    if (auto runs = command->go(); !runs) return fail(runs.error());
  }
  return command;
}

void open_first_page(const RecordPlan& plan) {
  auto page = std::ranges::find(plan.outputs, FileForm::html, &RecordOutput::form);
  if (page == plan.outputs.end()) {
    say("--open: there is no .html among the files.\n");
  } else if (auto opened = open_in_browser(page->path); !opened) {
    say("{}\n", opened.error().message);
  }
}

ExitCode record(const Invocation& invocation) {
  limit_malloc();
  auto plan = make_record_plan(invocation);
  if (!plan) {
    say("Error: {}\n", lang::printable(plan.error().message));
    return kRefused;
  }
  std::signal(SIGCHLD, SIG_DFL);  // whoever ignored it: it says that the command has ended
  auto signals = Signals::open({SIGCHLD});
  if (!signals) return no_sampling(signals.error(), invocation);
  LogHub log;
  log.set_level(LogLevel::warn);
  auto sampling = Sampling::open(session_options(*plan), Logger(log, ""));
  if (!sampling) return no_sampling(sampling.error(), invocation);
  auto command = begin(*plan, **sampling);
  if (!command) {
    say("Error: {}\n", lang::printable(command.error().message));
    return kNoWorld;
  }
  std::string length =
      plan->duration > Duration::zero() ? fmt::format(" for {:g} s", in_seconds(plan->duration)) : "";
  say("Recording {}{}, {} samples a second on each CPU. Ctrl-C ends it and keeps what is there.\n",
      lang::printable(plan->title), length, plan->rate);
  Recorded recorded = Recorder(*plan, **sampling, *signals, *command).record();
  if (*command) (*command)->end();
  print_summary(*plan, recorded);
  ExitCode code = write_outputs(*plan, recorded);
  if (code == kOk && invocation.is_on("open")) open_first_page(*plan);
  return code;
}

}  // namespace

constinit const Command kRecordCommand{
    .name = "record",
    .operands = "[-- COMMAND …]",
    .summary = "profile this machine, a process or a command now, into a file",
    .description =
        "Samples the whole machine, or what --pid, --container or a command choose, and writes a flame graph "
        "that any browser shows, or what --output asks for. Needs neither a config nor a server. A command "
        "is "
        "sampled from its first instruction on, with all processes it starts. Ctrl-C ends the recording and "
        "keeps what was recorded. Says at the end how many samples were lost, and why.",
    .flags = kFlags,
    .min_operands = 0,
    .max_operands = 10'000,
    .runs_operands = true,
    .run = record,
};

}  // namespace weir::cli
