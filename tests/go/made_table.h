// .gopclntab made by hand, in each of its formats, inside an executable that
// has nothing else: code at 0x401000, the table at 0x500000.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "profiler/symbols/go_layout.h"

namespace weir::profiler::test {

// A value for so many bytes of code.
struct MadeRange {
  std::int32_t value;
  std::uint32_t length;
};

struct MadeInlined {
  std::string name;
  std::uint32_t call;  // place
};

struct MadeFunction {
  std::string name;
  std::vector<MadeRange> stack;
  std::vector<MadeRange> lines;
  std::vector<MadeRange> files;  // numbers: of MadeProgram::files
  std::vector<MadeRange> inlined = {};
  std::vector<MadeInlined> tree = {};
  std::uint8_t flags = 0;
};

struct MadeProgram {
  GoFormat format = GoFormat::go1_20;
  std::vector<std::string> files;
  std::vector<MadeFunction> functions;
  std::string section = ".gopclntab";  // "": no section headers
  bool says_text = true;               // the header's field that is 0 since Go 1.26
  bool has_module = true;              // the runtime's description of the program
  std::string code = {};
};

inline constexpr std::uint64_t kMadeCode = 0x401000;
inline constexpr std::uint64_t kMadeTable = 0x500000;

// Functions begin where the one before ends: as long as their stack ranges, or one byte.
std::string make_go_program(const MadeProgram& program);
std::vector<std::uint64_t> starts_of(const MadeProgram& program);

// A program with what each format can say: inlined functions, code in assembly, another stack.
MadeProgram example_program(GoFormat format);

}  // namespace weir::profiler::test
