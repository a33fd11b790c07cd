#include "cli/record_plan.h"

#include <algorithm>

#include "base/number.h"
#include "cli/containers.h"
#include "profiler/process/proc_files.h"

namespace weir::cli {
namespace {

// Of a line "Tgid:\t123" in /proc/PID/status; empty when it has no such line.
std::string_view status_field(std::string_view status, std::string_view name) {
  std::string_view value;
  profiler::each_line(status, [&](std::string_view line) {
    if (line.starts_with(name)) value = line.substr(name.size());
  });
  while (value.starts_with('\t') || value.starts_with(' ')) value.remove_prefix(1);
  return value;
}

// /proc answers to a thread's number and to an ended process too, but neither can be sampled.
Result<std::uint32_t> parse_pid(std::string_view text) {
  auto pid = parse_number("pid", text, 1 << 22);
  if (!pid) return pid;
  auto status = profiler::read_proc(*pid, "status");
  if (!status) return fail("--pid: there is no process {}", *pid);
  std::string_view process = status_field(*status, "Tgid:");
  if (!process.empty() && process != std::to_string(*pid)) {
    return fail("--pid: {} is a thread of process {} ({}): record that with --pid={}", *pid, process,
                status_field(*status, "Name:"), process);
  }
  auto life = profiler::life_of(*pid);
  bool has_ended = status_field(*status, "State:").starts_with('Z') && !(life && life->has_other_threads());
  if (has_ended) {
    return fail(
        "--pid: process {} ({}) has ended, and waits for its parent {} to take note of that: nothing of it "
        "runs that could be sampled",
        *pid, status_field(*status, "Name:"), status_field(*status, "PPid:"));
  }
  return pid;
}

Result<std::vector<RecordOutput>> parse_outputs(std::vector<std::string> paths) {
  if (paths.empty()) paths.emplace_back(kDefaultRecordFile);
  std::vector<RecordOutput> outputs;
  for (const std::string& path : paths) {
    auto form = form_of(path);
    if (!form) return fail("--output: {}", form.error().message);
    if (auto writable = check_writable(path); !writable)
      return fail("--output: {}", writable.error().message);
    outputs.push_back({path, *form});
  }
  return outputs;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  // It is a title, on one line.
  std::ranges::replace_if(out, [](char c) { return c == '\n' || c == '\t' || c == '\r'; }, ' ');
  return out;
}

Result<> choose(RecordPlan& plan, const Invocation& invocation) {
  int choices = (invocation.is_given("pid") ? 1 : 0) + (invocation.is_given("container") ? 1 : 0) +
                (invocation.operands.empty() ? 0 : 1);
  if (choices > 1) return fail("--pid, --container and a command exclude each other");
  for (const std::string& text : invocation.all("pid")) {
    auto pid = parse_pid(text);
    if (!pid) return fail(pid.error());
    plan.pids.push_back(*pid);
    plan.title += fmt::format("{}{} (pid {})", plan.title.empty() ? "" : ", ", profiler::comm_of(*pid), *pid);
  }
  if (invocation.is_given("container")) {
    auto id = find_container(invocation.flag("container"), running_containers(), docker_container_id);
    if (!id) return fail("--container: {}", id.error().message);
    plan.container = *std::move(id);
    plan.title = fmt::format("container {}", invocation.flag("container"));
  }
  plan.command = invocation.operands;
  if (!plan.command.empty()) plan.title = joined(plan.command);
  if (plan.title.empty()) plan.title = "the whole machine";
  return {};
}

profile::Labels labels_of(const RecordPlan& plan) {
  return {{"__name__", "process_cpu"}, {"service_name", plan.title}};
}

}  // namespace

Result<std::uint32_t> parse_number(std::string_view flag, std::string_view text, std::int64_t most) {
  auto value = whole_number<std::int64_t>(text).value_or(0);
  if (value < 1 || value > most) return fail("--{}: \"{}\" is not a number from 1 to {}", flag, text, most);
  return static_cast<std::uint32_t>(value);
}

Result<Duration> parse_length(std::string_view flag, std::string_view text) {
  auto seconds = whole_number<double>(text);
  constexpr double kLongest = 7 * 86400;
  if (seconds && *seconds >= 0 && *seconds <= kLongest)
    return std::chrono::round<Duration>(std::chrono::duration<double>(*seconds));
  auto duration = parse_duration(text);
  if (seconds || !duration || *duration < Duration::zero() || *duration > std::chrono::hours(168))
    return fail("--{}: \"{}\" is no duration of up to 7 days: 10, 1m30s, 500ms", flag, text);
  return *duration;
}

Result<RecordPlan> make_record_plan(const Invocation& invocation) {
  RecordPlan plan;
  auto rate = parse_number("rate", invocation.flag("rate"), kHighestRate);
  if (!rate) return fail(rate.error());
  plan.rate = *rate;
  auto duration = parse_length("duration", invocation.flag("duration"));
  if (!duration) return fail(duration.error());
  plan.duration = *duration;
  auto outputs = parse_outputs(invocation.all("output"));
  if (!outputs) return fail(outputs.error());
  plan.outputs = *std::move(outputs);
  if (auto chosen = choose(plan, invocation); !chosen) return fail(chosen.error());
  if (!plan.command.empty() && !invocation.is_given("duration")) plan.duration = Duration::zero();
  return plan;
}

profiler::SessionOptions session_options(const RecordPlan& plan) {
  bool is_whole_machine = plan.pids.empty() && plan.container.empty() && plan.command.empty();
  profiler::SessionOptions options{.sample_rate = plan.rate,
                                   .demangle = profiler::Demangle::simplified,
                                   .comm = profiler::CommPlace::stackframe};
  if (is_whole_machine) options.default_target = labels_of(plan);
  options.limits.processes = 4096;
  options.limits.kernel_pid_entries = 16'384;
  return options;
}

std::vector<profiler::ProfiledTarget> targets_of(const RecordPlan& plan,
                                                 std::optional<std::uint32_t> command) {
  std::vector<profiler::ProfiledTarget> targets;
  for (std::uint32_t pid : plan.pids) targets.push_back({.pid = pid, .labels = labels_of(plan)});
  if (command) targets.push_back({.pid = *command, .labels = labels_of(plan), .with_children = true});
  if (!plan.container.empty()) targets.push_back({.container_id = plan.container, .labels = labels_of(plan)});
  return targets;
}

}  // namespace weir::cli
