// Writes Go programs made by hand to standard output, each after its length: what gopclntab_fuzz starts from.
#include <cstdint>
#include <cstdio>
#include <string>

#include "profiler/symbols/gopclntab.h"
#include "tests/go/made_table.h"

namespace weir::profiler::test {
namespace {

MadeProgram program_of(GoFormat format) {
  const std::int32_t first_file = format == GoFormat::go1_2 ? 1 : 0;
  MadeProgram program{.format = format, .files = {"/src/main.go", "/src/util.go"}, .functions = {}};
  program.functions.push_back({.name = "main.main",
                               .stack = {{0, 16}, {8, 4}, {40, 60}, {8, 1}, {0, 15}},
                               .lines = {{10, 20}, {300, 40}, {12, 36}},
                               .files = {{first_file, 50}, {first_file + 1, 46}},
                               .inlined = {{-1, 30}, {1, 40}, {0, 10}, {-1, 16}},
                               .tree = {{"main.outer", 5}, {"main.inner", 75}}});
  program.functions.push_back({.name = "runtime.goexit", .stack = {{0, 32}}, .lines = {}, .files = {}});
  program.functions.push_back({.name = "runtime.systemstack",
                               .stack = {{0, 16}, {8, 47}, {0, 1}},
                               .lines = {},
                               .files = {},
                               .flags = kGoAssembly | kGoWritesStackPointer});
  program.functions.push_back(
      {.name = "runtime.sigreturn", .stack = {{0, 16}}, .lines = {}, .files = {}, .flags = kGoAssembly});
  program.code = std::string(0x200, '\x90');
  return program;
}

void write(const MadeProgram& program) {
  std::string image = make_go_program(program);
  auto size = static_cast<std::uint32_t>(image.size());
  std::fwrite(&size, sizeof size, 1, stdout);
  std::fwrite(image.data(), 1, image.size(), stdout);
}

}  // namespace
}  // namespace weir::profiler::test

int main() {
  using namespace weir::profiler::test;
  for (auto format : {weir::profiler::GoFormat::go1_2, weir::profiler::GoFormat::go1_16,
                      weir::profiler::GoFormat::go1_18, weir::profiler::GoFormat::go1_20}) {
    for (const char* section : {".gopclntab", ".data.rel.ro.gopclntab", ""}) {
      for (bool says_text : {true, false}) {
        for (bool has_module : {true, false}) {
          MadeProgram program = program_of(format);
          program.section = section;
          program.says_text = says_text;
          program.has_module = has_module;
          write(program);
        }
      }
    }
  }
}
