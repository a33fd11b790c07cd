#include "profiler/kernel_version.h"

#include <sys/utsname.h>

#include <charconv>

#include "base/file_system.h"

namespace weir::profiler {

namespace {

// "6.1.140-1": as many numbers as there are.
KernelVersion parse(std::string_view text) {
  KernelVersion version;
  const char* at = text.data();
  const char* end = at + text.size();
  for (int* part : {&version.major, &version.minor, &version.patch}) {
    auto [next, error] = std::from_chars(at, end, *part);
    if (error != std::errc()) break;
    at = next;
    if (at == end || *at != '.') break;
    ++at;
  }
  return version;
}

}  // namespace

KernelVersion kernel_version(std::string_view release, std::string_view proc_version,
                             std::string_view signature) {
  // "Ubuntu 6.2.0-39.40~22.04.1-generic 6.2.16"
  if (auto space = signature.rfind(' ');
      space != std::string_view::npos && signature.starts_with("Ubuntu ")) {
    if (auto version = parse(signature.substr(space + 1)); version.major != 0) return version;
  }
  // "… #1 SMP PREEMPT_DYNAMIC Debian 6.1.140-1 (2025-05-22)", where the release says 6.1.0-37-amd64.
  constexpr std::string_view kDebian = " Debian ";
  for (auto at = proc_version.find(kDebian); at != std::string_view::npos;
       at = proc_version.find(kDebian, at + 1)) {
    if (auto version = parse(proc_version.substr(at + kDebian.size())); version.major != 0) return version;
  }
  return parse(release);
}

bool may_freeze(KernelVersion version) {
  if (version < KernelVersion{5, 19, 0} || version >= KernelVersion{6, 4, 0}) return false;
  if (version.major == 6 && version.minor == 1) return version.patch < 36;
  if (version.major == 6 && version.minor == 3) return version.patch < 10;
  return true;
}

Result<> check_kernel() {
  constexpr std::size_t kMost = 4096;
  utsname name{};
  if (uname(&name) != 0) return {};
  auto version = kernel_version(name.release, read_file("/proc/version", kMost).value_or(""),
                                read_file("/proc/version_signature", kMost).value_or(""));
  if (!may_freeze(version)) return {};
  return fail(
      "attach to kernel {}: its source, {}.{}.{}, is known to freeze the machine under programs that read "
      "memory from interrupts (use 6.1.36, 6.3.10, 6.4 or later, or set no_kernel_version_check = true where "
      "the kernel has been mended)",
      name.release, version.major, version.minor, version.patch);
}

}  // namespace weir::profiler
