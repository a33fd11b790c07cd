// Go programs to look at: those built with weir, and this machine's own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/fd.h"
#include "profiler/symbols/elf.h"
#include "profiler/symbols/gopclntab.h"

namespace weir::profiler::test {

struct Program {
  std::string path;
  std::shared_ptr<const Bytes> bytes;
  Elf elf;
  GoTable table;
};

// Fails the test when there is no table in it.
Program open_program(const std::string& path);

// Of the workload go_busy: by this machine's Go, and by each older release whose toolchain was once fetched.
// Empty, and said so, where there is no Go.
std::vector<std::string> go_programs(const char* test);

std::string run(const std::string& command, const std::string& input = {});

}  // namespace weir::profiler::test
