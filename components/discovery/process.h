// discovery.process: the processes of this machine as targets.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "components/discovery/process_news.h"
#include "components/discovery/process_scan.h"
#include "components/discovery/target_list.h"
#include "runtime/component.h"

namespace weir::discovery {

class Process {
 public:
  static constexpr std::string_view kName = "discovery.process";
  static constexpr auto kStability = runtime::Stability::stable;
  static constexpr std::string_view kDoc =
      "Finds the processes of this machine, each a target with its pid. "
      "A process that starts or runs another program between two refreshes is found at once, by the kernel's "
      "events; within 2 s where weir may not see these.";

  struct Arguments {
    Targets join;
    Duration refresh_interval = std::chrono::seconds(60);
    ProcessFacts discover_config;

    static constexpr auto fields() {
      return std::tuple{
          lang::optional("join", &Arguments::join,
                         "Targets of containers; a process gets the labels of the container it runs in."),
          lang::optional("refresh_interval", &Arguments::refresh_interval,
                         "Pause between two readings of every process.")
              .at_least(0.1),
          lang::block("discover_config", &Arguments::discover_config, "What to read of each process."),
      };
    }
    bool operator==(const Arguments&) const = default;
  };
  using Exports = TargetExports;

  struct DebugInfo {
    std::uint64_t processes = 0;
    std::uint64_t left_out = 0;
    std::uint64_t unreadable = 0;
    std::string example;
    std::string news;

    static constexpr auto fields() {
      return std::tuple{
          lang::optional("processes", &DebugInfo::processes, "Processes that became targets."),
          lang::optional("left_out", &DebugInfo::left_out,
                         "Kernel threads, and what ended while it was read."),
          lang::optional("unreadable", &DebugInfo::unreadable, "Processes that may not be read."),
          lang::optional("unreadable_example", &DebugInfo::example, "Why one of these could not be read."),
          lang::optional(
              "news", &DebugInfo::news,
              "How processes that begin and end are noticed: \"events\" of the kernel, or why not."),
      };
    }
  };

  Process(runtime::Context& ctx, Arguments args, std::filesystem::path proc = "/proc",
          OpenProcessNews open_news = open_process_news)
      : ctx_(ctx), args_(std::move(args)), proc_(std::move(proc)), open_news_(std::move(open_news)) {}
  void start();
  void apply(Arguments args);
  void stop();

 private:
  struct Scan;

  void open_news();
  void hear_news(ProcessNews heard);
  void watch_news();
  // When the news that wait are to be looked into.
  MonoTime news_due() const;
  void scan(ScanDepth depth);
  void finish(Scan& scan);
  void publish();
  void schedule();

  runtime::Context& ctx_;
  Arguments args_;
  std::filesystem::path proc_;
  std::shared_ptr<const FoundProcesses> found_ = std::make_shared<FoundProcesses>();
  MonoTime full_scan_at_;
  bool scanning_ = false;
  bool failed_ = false;  // the last scan
  bool again_ = false;   // the facts changed while a scan was on its way
  runtime::Timer timer_;
  std::shared_ptr<profiler::WatchedReads> reads_ = profiler::WatchedReads::create();

  OpenProcessNews open_news_;
  std::unique_ptr<ProcessNewsSource> news_source_;  // null: news_error_ says why
  std::string news_error_;
  ProcessNews news_;     // not looked into yet
  MonoTime news_since_;  // when the first of it was heard
  MonoTime rest_until_;
  Duration pause_{};
  runtime::Timer news_watch_;  // or the pause before the next one
};

// Targets without a container, then the processes by pid (with the labels of
// their container, where it is among `join`), then the containers themselves.
Targets join_containers(const FoundProcesses& processes, const Targets& join);

}  // namespace weir::discovery

extern template weir::runtime::ComponentType weir::runtime::component_type<weir::discovery::Process>();
