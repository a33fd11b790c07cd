#include "profiler/unwind/unwind_stats.h"

namespace weir::profiler {

std::string_view to_string(NoTable why) {
  constexpr std::array<std::string_view, kNoTableReasons> kNames = {
      "none", "no_eh_frame", "gone", "unreadable", "hung", "malformed", "too_large"};
  return kNames[static_cast<std::size_t>(why)];
}

std::array<UnwindFailure, kNoTableReasons - 1> failures(const UnwindStats& stats) {
  std::array<UnwindFailure, kNoTableReasons - 1> failures;
  for (std::size_t why = 1; why < kNoTableReasons; ++why)
    failures[why - 1] = {to_string(static_cast<NoTable>(why)), stats.failed[why]};
  return failures;
}

}  // namespace weir::profiler
