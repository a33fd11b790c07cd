// Names, files and lines of real Go programs, as Go's own tools and DWARF readers give them.
#include <doctest/doctest.h>

#include <sstream>

#include "tests/go/programs.h"

namespace weir::profiler::test {
namespace {

// The first, a middle and the last byte of each function.
std::vector<std::uint64_t> places_in(const GoTable& table) {
  std::vector<std::uint64_t> places;
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint64_t start = table.start(i);
    std::uint64_t size = table.end(i) - start;
    if (size == 0) continue;
    for (std::uint64_t place : {std::uint64_t{0}, size / 3, size - 1}) places.push_back(start + place);
  }
  return places;
}

std::string addresses(const std::vector<std::uint64_t>& places) {
  std::string text;
  for (std::uint64_t place : places) text += fmt::format("0x{:x}\n", place);
  return text;
}

TEST_CASE("every function of a Go program has the name, file and line that go tool addr2line gives") {
  for (const std::string& path : go_programs("every function of a Go program has its name")) {
    if (path.ends_with("stripped")) continue;
    CAPTURE(path);
    Program program = open_program(path);
    auto places = places_in(program.table);
    std::istringstream answers(run("go tool addr2line " + path, addresses(places)));
    std::size_t wrong = 0;
    for (std::uint64_t place : places) {
      std::string function;
      std::string where;
      std::getline(answers, function);
      std::getline(answers, where);
      if (where.starts_with(":-")) where = ":0";  // no instruction: bytes between two functions
      auto lines = program.table.lines(place, *program.bytes);
      std::string ours = lines.empty() ? "" : lines.back().function;
      std::string ours_where = lines.empty() ? "" : fmt::format("{}:{}", lines[0].file, lines[0].line);
      if (ours == function && ours_where == where) continue;
      if (++wrong < 10) MESSAGE(fmt::format("{:x}: {} {} / {} {}", place, function, where, ours, ours_where));
    }
    CHECK(wrong == 0);
    std::printf("FIGURE: %zu functions of %s named\n", program.table.size(),
                path.substr(path.rfind('/') + 1).c_str());
  }
}

TEST_CASE("what was inlined is as DWARF has it") {
  constexpr const char* kReader = "llvm-addr2line-19";
  if (run(fmt::format("command -v {}", kReader)).empty()) {
    std::printf("SKIP: what was inlined is as DWARF has it: %s is missing\n", kReader);
    return;
  }
  for (const std::string& path : go_programs("what was inlined is as DWARF has it")) {
    if (path.ends_with("stripped")) continue;
    CAPTURE(path);
    Program program = open_program(path);
    auto places = places_in(program.table);
    std::istringstream answers(run(fmt::format("{} -afi -e {}", kReader, path), addresses(places)));
    std::size_t inlined = 0;
    std::size_t same = 0;
    std::string text;
    std::getline(answers, text);
    for (std::uint64_t place : places) {
      std::vector<std::string> functions;
      while (std::getline(answers, text) && !text.starts_with("0x")) {
        functions.push_back(text);
        std::getline(answers, text);
      }
      auto lines = program.table.lines(place, *program.bytes);
      if (functions.size() < 2 && lines.size() < 2) continue;
      ++inlined;
      bool equal = functions.size() == lines.size();
      for (std::size_t i = 0; equal && i < lines.size(); ++i) equal = functions[i] == lines[i].function;
      same += equal ? 1 : 0;
      if (!equal && inlined - same < 10) {
        std::string ours;
        for (const auto& line : lines) ours += " " + line.function;
        std::string theirs;
        for (const auto& line : functions) theirs += " " + line;
        MESSAGE(fmt::format("{:x}: ours{} dwarf{}", place, ours, theirs));
      }
    }
    CHECK(inlined > 100);
    CHECK(same == inlined);
    std::printf("FIGURE: %zu of %zu inlined places as DWARF has them\n", same, inlined);
  }
}

}  // namespace
}  // namespace weir::profiler::test
