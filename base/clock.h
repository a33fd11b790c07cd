// Clock: the time, behind an interface so that tests move it by hand.
#pragma once

#include <chrono>
#include <string>

namespace weir {

using WallTime = std::chrono::system_clock::time_point;
using MonoTime = std::chrono::steady_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime wall() const = 0;
  virtual MonoTime mono() const = 0;
};

// The machine's clock; lives as long as the process.
const Clock& system_clock();

// RFC 3339 in UTC with milliseconds: "2026-01-02T03:04:05.678Z".
std::string format_time(WallTime time);

}  // namespace weir
