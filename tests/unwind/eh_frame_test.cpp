#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "profiler/symbols/elf.h"
#include "profiler/unwind/table.h"
#include "tests/unwind/eh_frame_image.h"

namespace weir::profiler {
namespace {

using Data = std::vector<std::uint8_t>;

void append(Data& data, std::uint64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) data.push_back(static_cast<std::uint8_t>(value >> 8 * i));
}

Data from_hex(std::istream& in) {
  std::string digits;
  for (std::string word; in >> word;) digits += word == "|" ? "" : word;
  Data data;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    data.push_back(static_cast<std::uint8_t>(std::stoul(digits.substr(i, 2), nullptr, 16)));
  return data;
}

// The words before "|", then the instructions after it.
std::vector<std::string> words_before_bar(std::istream& in) {
  std::vector<std::string> words;
  for (std::string word; in >> word && word != "|";) words.push_back(word);
  return words;
}

Data bytes_of(const std::string& hex) {
  std::istringstream in(hex);
  return from_hex(in);
}

// Writes entries as the lines of a case say.
class Assembler {
 public:
  void add(const std::string& line) {
    std::istringstream in(line);
    std::string what;
    in >> what;
    if (what == "raw") return append_all(data_, from_hex(in));
    if (what == "zero") return append(data_, 0, 4);
    std::vector<std::string> words = words_before_bar(in);
    add(what, words, from_hex(in));
  }

  void add(const std::string& what, const std::vector<std::string>& words, const Data& instructions) {
    std::size_t length = start(what.ends_with("64") ? 8 : 4);
    if (what.starts_with("cie")) {
      cie_ = entry_;
      append(data_, 0, 4);
      add_cie(words);
    } else {
      append(data_, data_.size() - cie_, 4);
      add_fde(words);
    }
    append_all(data_, instructions);
    while (data_.size() % 4 != 0) data_.push_back(0);
    std::uint64_t size = data_.size() - entry_ - length;
    for (std::size_t i = 0; i < 4; ++i)
      data_[entry_ + length - (length == 4 ? 4 : 8) + i] = static_cast<std::uint8_t>(size >> 8 * i);
  }

  const Data& data() const { return data_; }

 private:
  static void append_all(Data& to, const Data& more) { to.insert(to.end(), more.begin(), more.end()); }

  // Room for the length; returns its size.
  std::size_t start(std::size_t length_size) {
    entry_ = data_.size();
    append(data_, length_size == 8 ? 0xffffffff : 0, 4);
    if (length_size == 8) append(data_, 0, 8);
    return data_.size() - entry_;
  }

  void add_cie(const std::vector<std::string>& words) {
    data_.push_back(1);  // version
    for (char c : words[0]) data_.push_back(static_cast<std::uint8_t>(c));
    Data more = bytes_of(words[1]);
    append_all(data_, {0, 1, 0x78, 16, static_cast<std::uint8_t>(more.size())});
    append_all(data_, more);
  }

  void add_fde(const std::vector<std::string>& words) {
    append(data_, kCode + std::stoull(words[0], nullptr, 16) - (kFrame + data_.size()), 4);
    append(data_, std::stoull(words[1], nullptr, 16), 4);
    Data more = words.size() > 2 ? bytes_of(words[2]) : Data{};
    data_.push_back(static_cast<std::uint8_t>(more.size()));
    append_all(data_, more);
  }

  Data data_;
  std::size_t entry_ = 0;
  std::size_t cie_ = 0;
};

std::string offset(std::int64_t value) {
  return (value < 0 ? "" : "+") + std::to_string(value);
}

std::string cfa_text(const unwind_rule& rule) {
  auto word = [&](const std::string& base) {
    return "*(" + base + offset(rule.cfa_offset >> 8) + ")" + offset(rule.cfa_offset & 0xff);
  };
  switch (rule.cfa) {
    case UNWIND_CFA_SP: return "sp" + offset(rule.cfa_offset);
    case UNWIND_CFA_FP: return "fp" + offset(rule.cfa_offset);
    case UNWIND_CFA_SP_DEREF: return word("sp");
    case UNWIND_CFA_FP_DEREF: return word("fp");
    case UNWIND_CFA_PLT: return "plt" + offset(rule.cfa_offset);
    default: break;
  }
  if (rule.cfa >= UNWIND_CFA_RETURN_REGISTER)
    return "sp" + offset(rule.cfa_offset) + " from r" + std::to_string(rule.cfa - UNWIND_CFA_RETURN_REGISTER);
  if (rule.cfa >= UNWIND_CFA_INDEXED_DEREF)
    return word("sp+8*r" + std::to_string(rule.cfa - UNWIND_CFA_INDEXED_DEREF));
  if (rule.cfa >= UNWIND_CFA_REGISTER_DEREF)
    return word("r" + std::to_string(rule.cfa - UNWIND_CFA_REGISTER_DEREF));
  return "r" + std::to_string(rule.cfa - UNWIND_CFA_REGISTER) + offset(rule.cfa_offset);
}

std::string text_of(const unwind_rule& rule) {
  if (rule.cfa == UNWIND_CFA_INVALID) return "invalid";
  if (rule.cfa == UNWIND_CFA_END) return "end";
  if (rule.cfa == UNWIND_CFA_SIGNAL) return "signal";
  const std::string fp[] = {"same", "cfa" + offset(rule.fp_offset), "fp" + offset(rule.fp_offset), "unknown"};
  return cfa_text(rule) + " " + fp[rule.fp];
}

std::string text_of(const UnwindTable& table) {
  std::ostringstream text;
  for (std::size_t i = 0; i < table.rows(); ++i)
    text << "= " << std::hex << table.starts[i] + table.base - kCode << " "
         << text_of(table.distinct[table.rules[i]]) << "\n";
  return text.str();
}

std::string read_text(const Data& eh_frame, Found found) {
  std::string image = image_around(eh_frame, found);
  MemoryBytes bytes(image);
  auto elf = Elf::read(bytes);
  if (!elf) return elf.error().message;
  auto table = read_eh_frame(*elf, bytes, 1 << 20);
  return table ? text_of(*table) : table.error().message;
}

struct Case {
  std::string name, expected;
  Assembler assembler;
  bool has_zero = false;  // which ends an .eh_frame that has no section
};

std::vector<Case> read_cases() {
  std::ifstream file(WEIR_EH_FRAME_CASES);
  std::vector<Case> cases;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    if (line.starts_with("case ")) {
      cases.emplace_back().name = line.substr(5);
    } else if (line.starts_with("=")) {
      cases.back().expected += line + "\n";
    } else {
      cases.back().assembler.add(line);
      cases.back().has_zero |= line == "zero";
    }
  }
  return cases;
}

TEST_CASE("call frame information by hand") {
  std::vector<Case> cases = read_cases();
  REQUIRE(cases.size() > 15);
  for (const Case& one : cases) {
    CAPTURE(one.name);
    CHECK(read_text(one.assembler.data(), Found::by_section) == one.expected);
    if (!one.has_zero) CHECK(read_text(one.assembler.data(), Found::by_header) == one.expected);
  }
}

TEST_CASE("a table that needs more bytes than it may is an error") {
  Assembler assembler;
  assembler.add("cie zR 1b | 0c0708 9001");
  for (int i = 0; i < 200; ++i)
    assembler.add("fde " + std::to_string(i * 100) + " 80 | 41 0e10 41 0e18 41 0e20");
  std::string image = image_around(assembler.data(), Found::by_section);
  MemoryBytes bytes(image);
  auto elf = Elf::read(bytes);
  REQUIRE(elf.has_value());
  auto whole = read_eh_frame(*elf, bytes, 1 << 20);
  REQUIRE(whole.has_value());
  CHECK(whole->rows() == 1000);
  for (std::size_t limit : {std::size_t{0}, std::size_t{1000}, assembler.data().size() + 2000}) {
    auto table = read_eh_frame(*elf, bytes, limit);
    REQUIRE_FALSE(table.has_value());
    CHECK(table.error().message.find("bytes") != std::string::npos);
  }
}

TEST_CASE("three million rows") {
  Data instructions;  // advance 1, CFA at sp + 8, 16, 8, …
  for (std::uint8_t i = 0; i < 100; ++i)
    instructions.insert(instructions.end(), {0x41, 0x0e, std::uint8_t(8 << (i % 2))});
  Assembler assembler;
  assembler.add("cie zR 1b | 0c0710 9001");
  constexpr std::size_t kFunctions = 30'000;
  for (std::size_t i = 0; i < kFunctions; ++i) {
    std::ostringstream start;
    start << std::hex << i * 101;
    assembler.add("fde", {start.str(), "65"}, instructions);
  }
  std::string image = image_around(assembler.data(), Found::by_section);
  MemoryBytes bytes(image);
  auto elf = Elf::read(bytes);
  REQUIRE(elf.has_value());
  auto table = read_eh_frame(*elf, bytes, 64u << 20);
  REQUIRE(table.has_value());
  // The last rule of a function is the first of the next.
  CHECK(table->rows() == kFunctions * 100 + 2);
  CHECK(table->find(kCode + 101 * (kFunctions - 1) + 1).cfa_offset == 8);
  CHECK(table->find(kCode + 101 * (kFunctions - 1) + 2).cfa_offset == 16);
}

TEST_CASE("find gives the rule that holds") {
  UnwindTable table{0x10000, {0x10, 0x20}, {1, 0}, {{}, {UNWIND_CFA_SP, UNWIND_FP_SAME, 0, 8}}};
  CHECK(table.find(0).cfa == UNWIND_CFA_INVALID);
  CHECK(table.find(0x1000f).cfa == UNWIND_CFA_INVALID);
  CHECK(table.find(0x10010).cfa == UNWIND_CFA_SP);
  CHECK(table.find(0x1001f).cfa == UNWIND_CFA_SP);
  CHECK(table.find(0x10020).cfa == UNWIND_CFA_INVALID);
  CHECK(table.find(~std::uint64_t{0}).cfa == UNWIND_CFA_INVALID);
  CHECK(table.bytes() == 2 * 6 + 2 * 8);
}

}  // namespace
}  // namespace weir::profiler
