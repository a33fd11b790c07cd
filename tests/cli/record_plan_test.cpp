#include "cli/record_plan.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <future>
#include <thread>

#include "cli/commands.h"

namespace weir::cli {
namespace {

Result<RecordPlan> plan_of(std::vector<std::string_view> words) {
  auto invocation = read_command_line(kRecordCommand, words);
  if (!invocation) return fail(invocation.error());
  return make_record_plan(*invocation);
}

TEST_CASE("record: who, for how long, and where to") {
  using namespace std::chrono_literals;
  std::string self = std::to_string(::getpid());
  auto machine = plan_of({});
  REQUIRE(machine.has_value());
  CHECK(machine->title == "the whole machine");
  CHECK(machine->duration == 10s);
  CHECK(machine->rate == 97);
  REQUIRE(machine->outputs.size() == 1);
  CHECK(machine->outputs[0].form == FileForm::html);
  CHECK(session_options(*machine).default_target.has_value());
  CHECK(targets_of(*machine, std::nullopt).empty());

  auto process = plan_of({"-p", self, "-d1m30s", "-o", "a.pb.gz", "-o", "b.folded"});
  REQUIRE(process.has_value());
  CHECK(process->duration == 90s);
  CHECK(process->outputs[1].form == FileForm::folded);
  CHECK_FALSE(session_options(*process).default_target.has_value());
  CHECK(targets_of(*process, std::nullopt).size() == 1);

  auto command = plan_of({"-r", "997", "--", "sleep", "1"});
  REQUIRE(command.has_value());
  CHECK(command->duration == 0s);
  CHECK(command->title == "sleep 1");
  auto targets = targets_of(*command, 7);
  REQUIRE(targets.size() == 1);
  CHECK(targets[0].pid == 7);
  CHECK(targets[0].with_children);
  CHECK(plan_of({"-d", "0.5", "sleep", "1"})->duration == 500ms);
}

TEST_CASE("record: what cannot be says so before anything is sampled") {
  struct Row {
    std::vector<std::string_view> words;
    std::string_view message;
  };
  const Row rows[] = {
      {{"-d", "-1"}, "--duration: \"-1\" is no duration of up to 7 days: 10, 1m30s, 500ms"},
      {{"-d", "soon"}, "--duration: \"soon\" is no duration of up to 7 days: 10, 1m30s, 500ms"},
      {{"-d", "nan"}, "--duration: \"nan\" is no duration of up to 7 days: 10, 1m30s, 500ms"},
      {{"-r", "0"}, "--rate: \"0\" is not a number from 1 to 10000"},
      {{"-p", "99999999999"}, "--pid: \"99999999999\" is not a number from 1 to 4194304"},
      {{"-p", "4194304"}, "--pid: there is no process 4194304"},
      {{"-p", "1", "sleep", "1"}, "--pid, --container and a command exclude each other"},
      {{"-o", "x.png"},
       "--output: \"x.png\": the name of the file says its form: .html, .pb.gz (pprof), .folded or "
       ".speedscope.json"},
      {{"-o", "/no/such/folder/x.html"}, "--output: write to /no/such/folder: no such file or directory"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.message);
    auto plan = plan_of(row.words);
    REQUIRE_FALSE(plan.has_value());
    CHECK(plan.error().message == row.message);
  }
}

TEST_CASE("record: a thread, and a process that has ended, are no process to sample") {
  std::promise<pid_t> told;
  std::promise<void> done;
  std::thread thread([&] {
    told.set_value(::gettid());
    done.get_future().wait();
  });
  std::string tid = std::to_string(told.get_future().get());
  auto plan = plan_of({"-p", tid});
  done.set_value();
  thread.join();
  REQUIRE_FALSE(plan.has_value());
  CHECK(plan.error().message.starts_with(
      fmt::format("--pid: {} is a thread of process {} (", tid, ::getpid())));
  CHECK(plan.error().message.ends_with(fmt::format("--pid={}", ::getpid())));

  pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT) == 0);
  plan = plan_of({"-p", std::to_string(child)});
  ::waitpid(child, nullptr, 0);
  REQUIRE_FALSE(plan.has_value());
  CHECK(plan.error().message.starts_with(fmt::format("--pid: process {} (", child)));
  CHECK(plan.error().message.find("has ended") != std::string::npos);
}

}  // namespace
}  // namespace weir::cli
