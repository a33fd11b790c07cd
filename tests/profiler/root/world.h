// What the root tests share: child processes, waiting, and a session to look at them.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "profiler/session.h"

namespace weir::profiler::test {

// A program of tests/workloads, or of a path, killed at the end of its scope.
class Child {
 public:
  explicit Child(const std::string& workload, std::vector<std::string> arguments = {});
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  std::uint32_t pid() const { return static_cast<std::uint32_t>(pid_); }
  void wait();
  // utime + stime so far, seconds.
  double cpu_seconds() const;

 private:
  pid_t pid_ = 0;
};

// Prints why and is true when this machine or user cannot load BPF programs.
bool skip(const char* test);

std::unique_ptr<Session> open_session(SessionOptions options = {});
ProfiledTarget target_of(const Child& child, const std::string& service);

// Drains five times a second for so long.
void run_for(Session& session, std::chrono::milliseconds time);
// … until `condition` holds; false after `limit`.
bool run_until(Session& session, std::chrono::seconds limit, const std::function<bool()>& condition);

// Profiles by label service_name; a test collects once, so each has one at most.
std::map<std::string, profile::ProfilePtr> by_service(const std::vector<profile::ProfilePtr>& profiles);
std::int64_t sample_count(const profile::Profile& profile);
// Samples with a frame of this function anywhere, or as the leaf.
std::int64_t samples_with(const profile::Profile& profile, const std::string& function);
std::int64_t samples_at_leaf(const profile::Profile& profile, const std::string& function);
double seconds_of(const profile::Profile& profile);

}  // namespace weir::profiler::test
