// Every format of .gopclntab, made by hand: what the table says, and the rows that come of it.
#include <doctest/doctest.h>
#include <elf.h>

#include <cstring>
#include <string>
#include <vector>

#include "profiler/symbols/elf.h"
#include "profiler/symbols/gopclntab.h"
#include "profiler/unwind/table.h"
#include "tests/go/made_table.h"

namespace weir::profiler::test {
namespace {

constexpr std::size_t kLimit = 1 << 20;
constexpr GoFormat kFormats[] = {GoFormat::go1_2, GoFormat::go1_16, GoFormat::go1_18, GoFormat::go1_20};

struct Read {
  OwnedBytes bytes;
  Elf elf;
  GoTable table;
};

Read read(const MadeProgram& program) {
  OwnedBytes bytes(make_go_program(program));
  auto elf = Elf::read(bytes);
  REQUIRE(elf);
  auto table = GoTable::read(*elf, bytes, kLimit);
  REQUIRE(table);
  return {std::move(bytes), std::move(*elf), std::move(*table)};
}

std::string text_of(const std::vector<profile::Line>& lines) {
  std::string text;
  for (const auto& line : lines) text += fmt::format("{} {}:{};", line.function, line.file, line.line);
  return text;
}

TEST_CASE("each format gives functions, files, lines, and from Go 1.18 on what was inlined") {
  for (GoFormat format : kFormats) {
    CAPTURE(static_cast<int>(format));
    MadeProgram program = example_program(format);
    auto starts = starts_of(program);
    Read made = read(program);
    REQUIRE(made.table.size() == program.functions.size());
    for (std::uint32_t i = 0; i < starts.size(); ++i) {
      CHECK(made.table.start(i) == starts[i]);
      CHECK(made.table.find(starts[i]) == i);
      CHECK(made.table.find(made.table.end(i) - 1) == i);
    }
    CHECK_FALSE(made.table.find(kMadeCode - 1));
    CHECK_FALSE(made.table.find(made.table.end(3)));
    auto at = [&](std::uint64_t place) { return text_of(made.table.lines(kMadeCode + place, made.bytes)); };
    CHECK(at(0) == "main.main /src/main.go:10;");
    CHECK(at(25) == "main.main /src/main.go:300;");
    CHECK(at(90) == "main.main /src/util.go:12;");
    bool knows_inlined = format >= GoFormat::go1_18;
    CHECK(at(35) == (knows_inlined
                         ? "main.inner /src/main.go:300;main.outer /src/util.go:12;main.main /src/main.go:10;"
                         : "main.main /src/main.go:300;"));
    CHECK(at(96) == "runtime.goexit :0;");
  }
}

TEST_CASE("each format gives rows") {
  for (GoFormat format : kFormats) {
    CAPTURE(static_cast<int>(format));
    MadeProgram program = example_program(format);
    auto starts = starts_of(program);
    Read made = read(program);
    auto table = read_go_frames(made.elf, made.bytes, kLimit);
    REQUIRE(table);
    auto check = [&](std::uint64_t address, int cfa, int offset, int fp) {
      CAPTURE(address);
      unwind_rule rule = table->find(address);
      CHECK(int{rule.cfa} == cfa);
      if (cfa != UNWIND_CFA_SP) return;
      CHECK(rule.cfa_offset == offset);
      CHECK(int{rule.fp} == fp);
      if (fp == UNWIND_FP_AT_CFA) CHECK(rule.fp_offset == -16);
    };
    bool pushes = format == GoFormat::go1_20;
    check(kMadeCode - 1, UNWIND_CFA_INVALID, 0, 0);
    check(kMadeCode, UNWIND_CFA_SP, 8, UNWIND_FP_SAME);
    check(kMadeCode + 15, UNWIND_CFA_SP, 8, UNWIND_FP_SAME);
    check(kMadeCode + 16, UNWIND_CFA_SP, pushes ? 16 : 48, pushes ? UNWIND_FP_AT_CFA : UNWIND_FP_SAME);
    check(kMadeCode + 21, UNWIND_CFA_SP, 48, UNWIND_FP_AT_CFA);
    check(kMadeCode + 79, UNWIND_CFA_SP, 48, UNWIND_FP_AT_CFA);
    check(kMadeCode + 81, UNWIND_CFA_SP, 8, UNWIND_FP_SAME);
    check(starts[1], UNWIND_CFA_END, 0, 0);
    check(starts[1] + 31, UNWIND_CFA_END, 0, 0);
    check(starts[2], UNWIND_CFA_SP, 8, UNWIND_FP_SAME);
    check(starts[2] + 25, UNWIND_CFA_SP, 16, UNWIND_FP_AT_CFA);
    check(starts[2] + 31, UNWIND_CFA_FP_CHAIN, 0, 0);
    check(starts[2] + 62, UNWIND_CFA_FP_CHAIN, 0, 0);
    check(starts[3] - 1, UNWIND_CFA_SIGNAL, 0, 0);
    check(starts[3], UNWIND_CFA_SIGNAL, 0, 0);
    check(starts[3] + 16, UNWIND_CFA_INVALID, 0, 0);
  }
}

TEST_CASE("the table is found without its section's name, and its code without the header's word") {
  for (GoFormat format : kFormats) {
    for (const char* section : {".gopclntab", ".data.rel.ro.gopclntab", ""}) {
      for (bool says_text : {true, false}) {
        for (bool has_module : {true, false}) {
          CAPTURE(static_cast<int>(format));
          CAPTURE(std::string(section));
          MadeProgram program = example_program(format);
          program.section = section;
          program.says_text = says_text;
          program.has_module = has_module;
          Read made = read(program);
          CHECK(made.table.size() == 4);
          auto lines = made.table.lines(kMadeCode + 35, made.bytes);
          bool knows_inlined = has_module && format >= GoFormat::go1_18;
          CHECK(lines.size() == (knows_inlined ? 3 : 1));
          CHECK(lines.back().function == "main.main");
        }
      }
    }
  }
}

TEST_CASE("a broken table is as if it were not there, or has holes") {
  for (GoFormat format : kFormats) {
    CAPTURE(static_cast<int>(format));
    const std::string whole = make_go_program(example_program(format));
    for (std::size_t at = 0x2000; at < whole.size(); ++at) {
      for (char flip : {'\x01', '\x80', '\xff'}) {
        std::string image = whole;
        image[at] = static_cast<char>(image[at] ^ flip);
        MemoryBytes bytes(image);
        auto elf = Elf::read(bytes);
        if (!elf) continue;
        auto table = GoTable::read(*elf, bytes, kLimit);
        if (table) (void)table->lines(kMadeCode + 35, bytes);
        (void)read_go_frames(*elf, bytes, kLimit);
      }
    }
    for (std::size_t size = 0x2000; size < whole.size(); ++size) {
      MemoryBytes bytes(std::span(whole).first(size));
      auto elf = Elf::read(bytes);
      if (elf) (void)read_go_frames(*elf, bytes, kLimit);
    }
  }
}

class CountedBytes : public Bytes {
 public:
  explicit CountedBytes(std::string data) : bytes_(std::move(data)) {}
  std::uint64_t size() const override { return bytes_.size(); }
  std::size_t read(std::uint64_t offset, void* to, std::size_t size) const override {
    std::size_t have = bytes_.read(offset, to, size);
    count_ += have;
    return have;
  }
  std::uint64_t count() const { return count_; }

 private:
  OwnedBytes bytes_;
  mutable std::uint64_t count_ = 0;
};

std::vector<Elf64_Phdr> segments_of(const std::string& image) {
  Elf64_Ehdr header;
  std::memcpy(&header, image.data(), sizeof header);
  std::vector<Elf64_Phdr> segments(header.e_phnum);
  std::memcpy(segments.data(), image.data() + header.e_phoff, segments.size() * sizeof(Elf64_Phdr));
  return segments;
}

void set_segments(std::string& image, const std::vector<Elf64_Phdr>& segments) {
  Elf64_Ehdr header;
  std::memcpy(&header, image.data(), sizeof header);
  header.e_phoff = image.size();
  header.e_phnum = static_cast<Elf64_Half>(segments.size());
  image.append(reinterpret_cast<const char*>(segments.data()), segments.size() * sizeof(Elf64_Phdr));
  std::memcpy(image.data(), &header, sizeof header);
}

// What looks like a table five hundred times, in as many segments that all hold the whole file.
std::string crowded_program() {
  constexpr int kCopies = 500;
  MadeProgram program = example_program(GoFormat::go1_20);
  program.section = "";
  std::string image = make_go_program(program);
  std::vector<Elf64_Phdr> segments = segments_of(image);
  Elf64_Phdr code = segments[0];
  const std::string table_header = image.substr(segments[1].p_offset, 72);
  for (int i = 0; i < kCopies; ++i) image += table_header;
  image.append(0x10000, '\x7f');
  segments.assign(1, code);
  for (std::uint64_t i = 0; i < kCopies; ++i) {
    segments.push_back(
        {PT_LOAD, PF_R | PF_W, 0, 0x10000000 + i * 0x1000000, 0, image.size(), image.size(), 0x1000});
  }
  set_segments(image, segments);
  return image;
}

TEST_CASE("a search for the table ends, however much looks like one") {
  CountedBytes bytes(crowded_program());
  auto elf = Elf::read(bytes);
  REQUIRE(elf);
  CHECK(elf->segments().size() > 500);
  auto table = GoTable::read(*elf, bytes, kLimit);
  REQUIRE(table);
  CAPTURE(bytes.count() / bytes.size());
  CHECK(bytes.count() < 32 * bytes.size());
}

TEST_CASE("a search is over where too much begins like a table and is none") {
  constexpr std::uint64_t kBegin = 0x08010000fffffff1;  // as a table of go1_20 begins
  constexpr std::size_t kMany = 65536;
  for (std::uint64_t functions : {1u, 0xffffffffu}) {
    CAPTURE(functions);
    MadeProgram program = example_program(GoFormat::go1_20);
    program.section = "";
    std::string image = make_go_program(program);
    std::vector<std::uint64_t> words;
    for (std::size_t i = 0; i < kMany; ++i) words.insert(words.end(), {kBegin, functions});
    const std::uint64_t offset = image.size(), size = words.size() * sizeof words[0];
    image.append(reinterpret_cast<const char*>(words.data()), size);
    std::vector<Elf64_Phdr> segments = segments_of(image);
    // Before that of the table.
    segments.insert(segments.begin() + 1, {PT_LOAD, PF_R, offset, 0x100000, 0, size, size, 0x1000});
    set_segments(image, segments);
    CountedBytes bytes(std::move(image));
    auto elf = Elf::read(bytes);
    REQUIRE(elf);
    // Those whose first word is too large cost nothing, and hide nothing.
    auto table = GoTable::read(*elf, bytes, kLimit);
    REQUIRE(table);
    CHECK(table->size() == (functions == 1 ? 0 : program.functions.size()));
    CHECK(bytes.count() < 2 * bytes.size());
  }
}

TEST_CASE("limits hold") {
  MadeProgram program = example_program(GoFormat::go1_20);
  OwnedBytes bytes(make_go_program(program));
  auto elf = Elf::read(bytes);
  REQUIRE(elf);
  CHECK_FALSE(GoTable::read(*elf, bytes, 16));
  CHECK_FALSE(read_go_frames(*elf, bytes, 48));
  // A chain of inlined calls that leads back to itself ends.
  program.functions[0].tree = {{"main.a", 35}, {"main.b", 35}};
  Read made = read(program);
  auto lines = made.table.lines(kMadeCode + 35, made.bytes);
  CHECK(lines.size() <= 65);
  CHECK(lines.back().function == "main.main");
}

}  // namespace
}  // namespace weir::profiler::test
