// What weir itself takes of the machine: all threads of this process.
#pragma once

#include <cstddef>

#include "base/duration.h"

namespace weir {

struct CpuTime {
  Duration user{};
  Duration system{};

  Duration all() const { return user + system; }
};

// Since the process began.
CpuTime own_cpu_time();
// Keeps it small: few arenas, and what is freed goes back to the kernel. For the start of the program.
void limit_malloc();
// In memory now; 0 where /proc cannot be read.
std::size_t own_resident_bytes();

}  // namespace weir
