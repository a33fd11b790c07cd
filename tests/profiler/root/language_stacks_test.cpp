// Stacks of Go and Rust programs: goroutines, garbage collection, the scheduler's own stacks, C code in a Go
// program, panics that are caught.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "tests/profiler/root/world.h"

namespace weir::profiler::test {

namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kSamples = 2000;

struct Expected {
  profile::FrameKind kind = profile::FrameKind::native;
  std::vector<std::string> functions;  // each in some stack; one with "C:" before it is not of that kind
};

std::string text_of(const profile::Profile& profile, const profile::Stack& stack) {
  std::string text;
  for (std::size_t i = 0; i < stack.frames.size() && i < 16; ++i)
    text += profile::display_name(profile.frames[stack.frames[i]], profile.mappings) + "; ";
  return text;
}

bool has_function(const profile::Profile& profile, std::string_view wanted, profile::FrameKind kind) {
  if (wanted.starts_with("C:")) return has_function(profile, wanted.substr(2), profile::FrameKind::native);
  return std::ranges::any_of(profile.frames, [&](const profile::Frame& frame) {
    auto is_it = [&](const profile::Line& line) { return line.function.contains(wanted); };
    return frame.kind == kind && std::ranges::any_of(frame.lines, is_it);
  });
}

void watch_stacks(const char* workload, const Expected& expected) {
  CAPTURE(std::string(workload));
  Child child(workload);
  auto session = open_session({.sample_rate = 997, .collect_kernel = false});
  session->set_targets({target_of(child, workload)});
  // The program starts, its tables are made.
  run_for(*session, 1500ms);
  (void)session->collect(std::chrono::system_clock::now());
  profile::ProfilePtr profile;
  std::int64_t samples = 0;
  std::int64_t complete = 0;
  std::map<std::string, std::int64_t> broken;
  auto end = std::chrono::steady_clock::now() + 30s;
  while (samples < kSamples && std::chrono::steady_clock::now() < end) {
    run_for(*session, 2s);
    auto profiles = by_service(session->collect(std::chrono::system_clock::now()));
    REQUIRE(profiles.contains(workload));
    profile = profiles.at(workload);
    for (const profile::Sample& sample : profile->samples) {
      const profile::Stack& stack = profile->stacks[sample.stack];
      samples += sample.count;
      if (stack.complete) complete += sample.count;
      if (!stack.complete) broken[text_of(*profile, stack)] += sample.count;
    }
  }
  CHECK(samples >= kSamples);
  CHECK(static_cast<double>(complete) >= 0.995 * static_cast<double>(samples));
  std::printf("FIGURE: %s: %ld of %ld stacks complete\n", workload, complete, samples);
  int shown = 0;
  for (const auto& [text, count] : broken)
    if (++shown <= 20) MESSAGE(count << " " << text);
  for (const std::string& function : expected.functions)
    CHECK_MESSAGE(has_function(*profile, function, expected.kind), function);
}

// Prints why, when none of them is there.
void watch_all(const std::map<const char*, Expected>& workloads, const char* why_not) {
  bool any = false;
  for (const auto& [workload, expected] : workloads) {
    if (::access((std::string(WEIR_WORKLOADS) + "/" + workload).c_str(), X_OK) != 0) continue;
    any = true;
    watch_stacks(workload, expected);
  }
  if (!any) std::printf("SKIP: %s\n", why_not);
}

}  // namespace

TEST_CASE("stacks of Go programs reach the goroutine's or the thread's start") {
  if (skip("stacks of Go programs reach the goroutine's or the thread's start")) return;
  const std::vector<std::string> plain = {"main.descend", "main.library", "runtime.mallocgc",
                                          "runtime.goexit"};
  std::vector<std::string> with_c = plain;
  with_c.insert(with_c.end(), {"C:c_spin", "main.goCallback", "runtime.cgocall"});
  watch_all({{"go_busy", {profile::FrameKind::go, plain}},
             {"go_busy_stripped", {profile::FrameKind::go, plain}},
             {"go_busy_cgo", {profile::FrameKind::go, with_c}},
             {"go_busy_cgo_pie_stripped", {profile::FrameKind::go, plain}}},
            "stacks of Go programs reach the goroutine's or the thread's start: there is no Go to build one");
}

TEST_CASE("stacks of Rust programs reach the thread's start") {
  if (skip("stacks of Rust programs reach the thread's start")) return;
  watch_all({{"rust_busy", {profile::FrameKind::native, {"descend", "words", "rust_panic"}}}},
            "stacks of Rust programs reach the thread's start: there is no Rust to build one");
}

}  // namespace weir::profiler::test
