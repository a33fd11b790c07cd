// The maps of bpf/unwind.h, as whoever loads a program gives them to it.
#pragma once

namespace weir::profiler {

// Descriptors, owned by the Arena; -1: none.
struct UnwindMaps {
  int segments = -1;
  int rules = -1;
  int processes = -1;
  int changes = -1;
};

}  // namespace weir::profiler
