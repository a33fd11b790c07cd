// Kernels that freeze under programs like ours.
#pragma once

#include <compare>
#include <string_view>

#include "base/result.h"

namespace weir::profiler {

struct KernelVersion {
  int major = 0, minor = 0, patch = 0;

  auto operator<=>(const KernelVersion&) const = default;
};

// The version of the kernel's source. Distributions hide it behind a number of their own: `proc_version` is
// the content of /proc/version, `signature` of Ubuntu's /proc/version_signature.
KernelVersion kernel_version(std::string_view release, std::string_view proc_version,
                             std::string_view signature);

// Whether reading memory from a program in an interrupt may stop the machine: a page fault there takes a
// lock that may be held already. From 5.19 on, mended in 6.1.36, 6.3.10 and 6.4.
bool may_freeze(KernelVersion version);

// Fails on such a kernel, and says what to do.
Result<> check_kernel();

}  // namespace weir::profiler
