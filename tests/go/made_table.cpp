#include "tests/go/made_table.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "profiler/symbols/gopclntab.h"
#include "tests/support/elf_header.h"

namespace weir::profiler::test {
namespace {

constexpr std::uint64_t kCodeOffset = 0x1000;
constexpr std::uint64_t kCodeSize = 0x1000;
constexpr std::uint64_t kTableOffset = 0x2000;
constexpr std::uint64_t kDataAddress = 0x600000;
constexpr std::size_t kModuleWords = 48;

template <class T>
void put(std::string& to, T value) {
  to.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void align(std::string& to, std::size_t size) {
  while (to.size() % size != 0) to.push_back('\0');
}

void put_varint(std::string& to, std::uint32_t value) {
  for (; value >= 0x80; value >>= 7) to.push_back(static_cast<char>(value | 0x80));
  to.push_back(static_cast<char>(value));
}

std::uint32_t length_of(const MadeFunction& function) {
  std::uint32_t length = 0;
  for (const MadeRange& range : function.stack) length += range.length;
  return std::max(1u, length);
}

// The parts of a table, each with what was put into it so far.
class Maker {
 public:
  explicit Maker(const MadeProgram& program) : program_(program) {
    values_.push_back('\0');  // offset 0 is "none"
    names_.push_back('\0');
    put_files();
    for (const MadeFunction& function : program.functions) put_function(function);
  }

  std::string table() { return program_.format == GoFormat::go1_2 ? whole() : parts(); }
  const std::string& trees() const { return trees_; }

 private:
  bool at_least(GoFormat format) const { return program_.format >= format; }
  std::uint32_t put_string(std::string& to, const std::string& text) {
    auto at = static_cast<std::uint32_t>(to.size());
    to += text + '\0';
    return at;
  }
  std::uint32_t put_values(const std::vector<MadeRange>& ranges);
  void put_files();
  void put_function(const MadeFunction& function);
  void put_index(std::string& to, std::uint64_t records) const;
  std::string parts();
  std::string whole();

  struct Record {
    std::uint32_t name, stack, file, line, inlined, tree;
    std::uint8_t flags;
    std::uint64_t start;
  };
  std::string record_of(const Record& record, std::uint32_t names, std::uint32_t values) const;

  const MadeProgram& program_;
  std::string names_, units_, files_, values_, trees_;
  std::vector<std::uint32_t> file_offsets_;
  std::vector<Record> records_;
  std::uint64_t end_ = 0;
};

std::uint32_t Maker::put_values(const std::vector<MadeRange>& ranges) {
  if (ranges.empty()) return 0;
  auto at = static_cast<std::uint32_t>(values_.size());
  std::int32_t last = -1;
  for (const MadeRange& range : ranges) {
    std::int32_t step = range.value - last;
    put_varint(values_,
               step < 0 ? ~static_cast<std::uint32_t>(step) << 1 | 1 : static_cast<std::uint32_t>(step) << 1);
    put_varint(values_, range.length);
    last = range.value;
  }
  values_.push_back('\0');
  return at;
}

void Maker::put_files() {
  for (const std::string& file : program_.files) {
    file_offsets_.push_back(put_string(files_, file));
    put(units_, file_offsets_.back());
  }
}

void Maker::put_function(const MadeFunction& function) {
  Record record{};
  record.name = put_string(names_, function.name);
  record.stack = put_values(function.stack);
  record.file = put_values(function.files);
  record.line = put_values(function.lines);
  record.inlined = put_values(function.inlined);
  record.tree = function.tree.empty() ? UINT32_MAX : static_cast<std::uint32_t>(trees_.size());
  record.flags = function.flags;
  record.start = end_;
  for (const MadeInlined& inlined : function.tree) {
    put(trees_, std::uint32_t{0});
    if (!at_least(GoFormat::go1_20)) put(trees_, std::uint64_t{0});
    put(trees_, put_string(names_, inlined.name));
    put(trees_, inlined.call);
    if (at_least(GoFormat::go1_20)) put(trees_, std::uint32_t{0});
  }
  records_.push_back(record);
  end_ += length_of(function);
}

std::string Maker::record_of(const Record& record, std::uint32_t names, std::uint32_t values) const {
  auto value = [&](std::uint32_t at) { return at == 0 ? 0 : at + values; };
  std::string bytes;
  if (at_least(GoFormat::go1_18)) {
    put(bytes, static_cast<std::uint32_t>(record.start));
  } else {
    put(bytes, kMadeCode + record.start);
  }
  for (std::uint32_t word :
       {record.name + names, 0u, 0u, value(record.stack), value(record.file), value(record.line), 3u})
    put(bytes, word);
  if (at_least(GoFormat::go1_16)) put(bytes, std::uint32_t{0});  // unit
  if (at_least(GoFormat::go1_20)) put(bytes, std::uint32_t{1});  // first line
  put(bytes, std::uint8_t{0});
  put(bytes, record.flags);
  put(bytes, std::uint8_t{0});
  put(bytes, std::uint8_t{4});
  for (std::uint32_t table : {0u, 0u, value(record.inlined)}) put(bytes, table);
  for (std::uint32_t data : {UINT32_MAX, UINT32_MAX, UINT32_MAX, record.tree}) put(bytes, data);
  align(bytes, 8);
  return bytes;
}

// `records`: where the first one will be, from where the index counts.
void Maker::put_index(std::string& to, std::uint64_t records) const {
  auto number = [&](std::uint64_t value) {
    if (at_least(GoFormat::go1_18)) return put(to, static_cast<std::uint32_t>(value));
    put(to, value);
  };
  std::uint64_t base = at_least(GoFormat::go1_18) ? 0 : kMadeCode;
  std::uint64_t size = record_of({}, 0, 0).size();
  for (std::size_t i = 0; i < records_.size(); ++i) {
    number(base + records_[i].start);
    number(records + i * size);
  }
  number(base + end_);
}

std::string Maker::parts() {
  std::string table;
  std::string functions;
  std::size_t index = (2 * records_.size() + 1) * (at_least(GoFormat::go1_18) ? 4 : 8);
  std::size_t records = (index + 7) / 8 * 8;
  put_index(functions, records);
  align(functions, 8);
  for (const Record& record : records_) functions += record_of(record, 0, 0);

  const std::string* in_order[] = {&names_, &units_, &files_, &values_, &functions};
  put(table, std::uint32_t{at_least(GoFormat::go1_20)   ? 0xfffffff1
                           : at_least(GoFormat::go1_18) ? 0xfffffff0
                                                        : 0xfffffffa});
  put(table, std::uint32_t{0x08010000});
  put(table, std::uint64_t{records_.size()});
  put(table, std::uint64_t{program_.files.size()});
  if (at_least(GoFormat::go1_18)) put(table, std::uint64_t{program_.says_text ? kMadeCode : 0});
  std::uint64_t at = table.size() + std::size(in_order) * 8;
  for (const std::string* part : in_order) {
    put(table, at);
    at += (part->size() + 7) / 8 * 8;
  }
  for (const std::string* part : in_order) {
    table += *part;
    align(table, 8);
  }
  return table;
}

// Before Go 1.16 everything is counted from the start, and files from 1.
std::string Maker::whole() {
  std::string table;
  std::size_t records = (16 + (2 * records_.size() + 1) * 8 + 4 + 7) / 8 * 8;
  std::size_t names = records + records_.size() * record_of({}, 0, 0).size();
  std::size_t values = names + names_.size();
  std::size_t strings = values + values_.size();
  std::size_t files = (strings + files_.size() + 7) / 8 * 8;
  put(table, std::uint32_t{0xfffffffb});
  put(table, std::uint32_t{0x08010000});
  put(table, std::uint64_t{records_.size()});
  put_index(table, records);
  put(table, static_cast<std::uint32_t>(files));
  align(table, 8);
  for (const Record& record : records_)
    table += record_of(record, static_cast<std::uint32_t>(names), static_cast<std::uint32_t>(values));
  table += names_ + values_ + files_;
  align(table, 8);
  put(table, static_cast<std::uint32_t>(file_offsets_.size() + 1));
  for (std::uint32_t offset : file_offsets_) put(table, static_cast<std::uint32_t>(strings + offset));
  return table;
}

// In the order of the runtime's moduledata.
std::string module_of(const MadeProgram& program, std::uint64_t trees) {
  std::vector<std::uint64_t> words(kModuleWords);
  words[0] = kMadeTable;
  words[20] = kMadeCode;
  words[22] = kMadeCode;
  words[program.format >= GoFormat::go1_20 ? 40 : 38] = trees;
  return {reinterpret_cast<const char*>(words.data()), words.size() * 8};
}

}  // namespace

std::vector<std::uint64_t> starts_of(const MadeProgram& program) {
  std::vector<std::uint64_t> starts;
  std::uint64_t at = kMadeCode;
  for (const MadeFunction& function : program.functions) {
    starts.push_back(at);
    at += length_of(function);
  }
  return starts;
}

std::string make_go_program(const MadeProgram& program) {
  Maker maker(program);
  std::string table = maker.table();
  align(table, 8);
  std::uint64_t trees = kMadeTable + table.size();
  table += maker.trees();
  align(table, 8);
  std::string data = program.has_module ? module_of(program, trees) : std::string(8, '\0');
  std::uint64_t data_offset = kTableOffset + table.size();
  std::uint64_t names_offset = data_offset + data.size();
  std::string names = std::string(1, '\0') + ".text" + '\0' + program.section + '\0' + ".shstrtab" + '\0';
  std::uint64_t sections_offset = (names_offset + names.size() + 7) / 8 * 8;

  Elf64_Ehdr header = tests::elf_header(ET_EXEC, 3);
  Elf64_Phdr segments[3] = {
      {PT_LOAD, PF_R | PF_X, kCodeOffset, kMadeCode, kMadeCode, kCodeSize, kCodeSize, 0x1000},
      {PT_LOAD, PF_R, kTableOffset, kMadeTable, kMadeTable, table.size(), table.size(), 0x1000},
      {PT_LOAD, PF_R | PF_W, data_offset, kDataAddress, kDataAddress, data.size(), data.size(), 0x1000},
  };
  Elf64_Shdr sections[4] = {};
  sections[1] = {1, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, kMadeCode, kCodeOffset, kCodeSize, 0, 0, 16, 0};
  sections[2] = {7, SHT_PROGBITS, SHF_ALLOC, kMadeTable, kTableOffset, table.size(), 0, 0, 8, 0};
  sections[3] = {static_cast<Elf64_Word>(8 + program.section.size()),
                 SHT_STRTAB,
                 0,
                 0,
                 names_offset,
                 names.size(),
                 0,
                 0,
                 1,
                 0};
  if (!program.section.empty()) {
    header.e_shoff = sections_offset;
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = 4;
    header.e_shstrndx = 3;
  }
  std::string image(sections_offset + sizeof sections, '\0');
  auto at = [&](std::uint64_t offset, const void* from, std::size_t size) {
    std::memcpy(image.data() + offset, from, size);
  };
  at(0, &header, sizeof header);
  at(header.e_phoff, segments, sizeof segments);
  at(kCodeOffset, program.code.data(), std::min<std::size_t>(program.code.size(), kCodeSize));
  at(kTableOffset, table.data(), table.size());
  at(data_offset, data.data(), data.size());
  at(names_offset, names.data(), names.size());
  at(sections_offset, sections, sizeof sections);
  return image;
}

namespace {

// Since Go 1.21 the frame pointer is pushed; before, the frame is made at once.
std::vector<MadeRange> stack_of(GoFormat format) {
  if (format == GoFormat::go1_20) return {{0, 16}, {8, 4}, {40, 60}, {8, 1}, {0, 15}};
  return {{0, 16}, {40, 64}, {0, 16}};
}

}  // namespace

MadeProgram example_program(GoFormat format) {
  const std::int32_t first_file = format == GoFormat::go1_2 ? 1 : 0;
  MadeProgram program{.format = format, .files = {"/src/main.go", "/src/util.go"}, .functions = {}};
  program.functions.push_back({.name = "main.main",
                               .stack = stack_of(format),
                               .lines = {{10, 20}, {300, 40}, {12, 36}},
                               .files = {{first_file, 50}, {first_file + 1, 46}},
                               // What stands at place 75 is the call in main.outer, whose own call is at 5.
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
  if (format >= GoFormat::go1_18) program.functions[1].flags = kGoTopFrame | kGoAssembly;
  // mov rsp, [rax + 0x38]
  program.code = std::string(0x1000, '\x90');
  program.code.replace(starts_of(program)[2] + 30 - kMadeCode, 4, "\x48\x8b\x60\x38");
  return program;
}

}  // namespace weir::profiler::test
