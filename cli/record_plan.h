// What weir record is asked for: who is sampled, for how long, and where it goes.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/duration.h"
#include "base/result.h"
#include "cli/flags.h"
#include "cli/profile_file.h"
#include "profiler/session.h"

namespace weir::cli {

inline constexpr std::string_view kDefaultRecordFile = "weir-record.html";

struct RecordOutput {
  std::filesystem::path path;
  FileForm form;
};

// What the command line asks for.
struct RecordPlan {
  std::vector<std::uint32_t> pids;
  std::string container;             // its full id
  std::vector<std::string> command;  // what to run
  std::string title;
  Duration duration{};  // 0: until something else ends it
  std::uint32_t rate = 97;
  std::vector<RecordOutput> outputs;
};

// Of a command line that fits the command; the error names the flag.
Result<RecordPlan> make_record_plan(const Invocation& invocation);

profiler::SessionOptions session_options(const RecordPlan& plan);
// `command` is the pid of the plan's command, which has been started.
std::vector<profiler::ProfiledTarget> targets_of(const RecordPlan& plan,
                                                 std::optional<std::uint32_t> command);

// Also for other commands that sample: a number from 1 to `most`.
Result<std::uint32_t> parse_number(std::string_view flag, std::string_view text, std::int64_t most);
// A number of seconds, or a duration.
Result<Duration> parse_length(std::string_view flag, std::string_view text);
inline constexpr std::int64_t kHighestRate = 10'000;

}  // namespace weir::cli
