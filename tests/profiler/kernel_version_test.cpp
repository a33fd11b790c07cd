#include "profiler/kernel_version.h"

#include <doctest/doctest.h>

namespace weir::profiler::test {

TEST_CASE("the version of a kernel's source, and whether it may freeze") {
  struct Row {
    const char* release;
    const char* proc_version;
    const char* signature;
    KernelVersion version;
    bool freezes;
  };
  const char* old_debian =
      "Linux version 6.1.0-9-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0, GNU "
      "ld "
      "(GNU Binutils for Debian) 2.40) #1 SMP PREEMPT_DYNAMIC Debian 6.1.27-1 (2023-05-08)";
  const char* new_debian =
      "Linux version 6.1.0-37-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14+deb12u1) "
      "12.2.0) "
      "#1 SMP PREEMPT_DYNAMIC Debian 6.1.140-1 (2025-05-22)";
  const Row rows[] = {
      {"5.10.0-35-amd64", "", "", {5, 10, 0}, false},
      {"5.15.0", "", "", {5, 15, 0}, false},
      {"5.18.19", "", "", {5, 18, 19}, false},
      {"5.19.0-50-generic", "", "Ubuntu 5.19.0-50.50-generic 5.19.17", {5, 19, 17}, true},
      {"6.0.1", "", "", {6, 0, 1}, true},
      {"6.1.0-9-amd64", old_debian, "", {6, 1, 27}, true},
      {"6.1.0-37-amd64", new_debian, "", {6, 1, 140}, false},
      {"6.1.35", "", "", {6, 1, 35}, true},
      {"6.1.36", "", "", {6, 1, 36}, false},
      {"6.2.0-39-generic", "", "Ubuntu 6.2.0-39.40~22.04.1-generic 6.2.16\n", {6, 2, 16}, true},
      {"6.3.9", "", "", {6, 3, 9}, true},
      {"6.3.10", "", "", {6, 3, 10}, false},
      {"6.4.0-rc1", "", "", {6, 4, 0}, false},
      {"6.18.44", "", "", {6, 18, 44}, false},
      {"7.2.1", "", "", {7, 2, 1}, false},
      {"", "", "", {0, 0, 0}, false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.release);
    auto version = kernel_version(row.release, row.proc_version, row.signature);
    CHECK(version == row.version);
    CHECK(may_freeze(version) == row.freezes);
  }
}

}  // namespace weir::profiler::test
