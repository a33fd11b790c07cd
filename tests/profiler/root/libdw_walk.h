// LibdwProcess: a process as elfutils' libdw sees it, to walk stored stacks of its threads.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "tests/profiler/root/snapshots.h"

namespace weir::profiler::test {

struct LibdwFrame {
  std::uint64_t ip = 0;
  bool exact = false;  // not a return address, or the trampoline that a signal handler returns to
};

struct LibdwWalk {
  std::vector<LibdwFrame> frames;
  bool at_start = false;         // the last one's rules say that there is no caller
  std::uint64_t unreadable = 0;  // the last address outside the snapshot that the last step asked for
};

// A place in the code.
struct LibdwPlace {
  std::string module;
  std::uint64_t offset = 0;  // as the module's file counts addresses
  bool has_rule = false;     // there is call frame information
  int cfa_register = -1;     // its DWARF number, where the CFA is so far from a register
};

// Reads the process's mappings when it is made, and its files from then on.
class LibdwProcess {
 public:
  static Result<std::unique_ptr<LibdwProcess>> open(std::uint32_t pid);
  ~LibdwProcess();
  LibdwProcess(const LibdwProcess&) = delete;
  LibdwProcess& operator=(const LibdwProcess&) = delete;

  LibdwWalk walk(const Snapshot& snapshot);
  LibdwPlace place_of(std::uint64_t address);

  struct Impl;

 private:
  explicit LibdwProcess(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::profiler::test
