// Writes Go programs made by hand to standard output, each after its length: what gopclntab_fuzz starts from.
#include <cstdint>
#include <cstdio>
#include <string>

#include "profiler/symbols/gopclntab.h"
#include "tests/go/made_table.h"

namespace weir::profiler::test {
namespace {

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
          MadeProgram program = example_program(format);
          program.section = section;
          program.says_text = says_text;
          program.has_module = has_module;
          write(program);
        }
      }
    }
  }
}
