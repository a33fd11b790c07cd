#include "profiler/symbols/gopclntab.h"

#include <algorithm>
#include <cstring>

#include "profiler/symbols/go_values.h"

namespace weir::profiler {
namespace {

constexpr std::size_t kMaxString = 8192;
constexpr std::size_t kMaxInlined = 64;
constexpr std::uint32_t kMaxSteps = 1u << 20;
constexpr std::uint64_t kChunk = 64u << 10;
// Numbers the compiler gives to a function's tables and data.
constexpr std::uint32_t kInlinedByPlace = 2;
constexpr std::uint32_t kInlinedCalls = 3;

std::string read_string(const Bytes& bytes, std::uint64_t offset, std::uint64_t limit) {
  std::string text;
  char chunk[128];
  while (text.size() < kMaxString && offset < limit) {
    std::size_t wanted = std::min<std::uint64_t>(sizeof chunk, limit - offset);
    std::size_t have = bytes.read(offset, chunk, wanted);
    std::size_t length = ::strnlen(chunk, have);
    text.append(chunk, length);
    if (length < have || have < wanted) break;
    offset += have;
  }
  return text;
}

template <class T>
T field(const char* record, std::size_t offset) {
  T value{};
  std::memcpy(&value, record + offset, sizeof value);
  return value;
}

}  // namespace

// Steps through value tables that one question may cost: a table may be as long as its file.
class GoTable::Budget {
 public:
  bool spend() { return left_ != 0 && left_-- != 0; }

 private:
  std::uint32_t left_ = kMaxSteps;
};

Result<GoTable> GoTable::read(const Elf& elf, const Bytes& bytes, std::size_t byte_limit) {
  GoTable table;
  auto layout = find_go_table(elf, bytes);
  if (!layout) return table;
  table.layout_ = *layout;
  if (layout->functions >= byte_limit / sizeof(Function))
    return fail("its table of Go functions needs more than {} bytes", byte_limit);
  if (auto ok = table.read_functions(elf, bytes); !ok) return GoTable();
  return table;
}

// The index ends with the end of the last function, which has no record.
Result<> GoTable::read_functions(const Elf& elf, const Bytes& bytes) {
  const std::uint64_t width = layout_.index_width();
  const std::uint64_t numbers = 2 * layout_.functions + 1;
  std::vector<char> chunk(kChunk);
  functions_.reserve(layout_.functions + 1);
  std::uint64_t pair[2] = {};
  for (std::uint64_t done = 0; done < numbers;) {
    std::uint64_t some = std::min(numbers - done, kChunk / width);
    if (!bytes.read_all(layout_.index + done * width, chunk.data(), some * width)) return fail("too short");
    for (std::uint64_t i = 0; i < some; ++i, ++done) {
      std::uint64_t& number = pair[done % 2];
      number = 0;
      std::memcpy(&number, chunk.data() + i * width, width);
      if (done == 0) base_ = number;
      if (done % 2 == 1)
        functions_.push_back({static_cast<std::uint32_t>(pair[0] - base_),
                              static_cast<std::uint32_t>(std::min<std::uint64_t>(number, UINT32_MAX))});
      if (done % 2 == 0 && (number < base_ || number - base_ > UINT32_MAX)) return fail("not in one piece");
    }
  }
  functions_.push_back({static_cast<std::uint32_t>(pair[0] - base_), 0});
  base_ += layout_.text;
  auto descends = [](const Function& a, const Function& b) { return a.start > b.start; };
  if (std::adjacent_find(functions_.begin(), functions_.end(), descends) != functions_.end())
    return fail("not in order");
  if (elf.end_of_code(end(static_cast<std::uint32_t>(size() - 1)) - 1) == 0) return fail("not code");
  return {};
}

std::optional<std::uint32_t> GoTable::find(std::uint64_t address) const {
  if (functions_.empty() || address < base_ || address - base_ >= functions_.back().start)
    return std::nullopt;
  auto place = static_cast<std::uint32_t>(address - base_);
  auto after = std::upper_bound(functions_.begin(), functions_.end(), place,
                                [](std::uint32_t p, const Function& function) { return p < function.start; });
  if (after == functions_.begin()) return std::nullopt;
  return static_cast<std::uint32_t>(after - 1 - functions_.begin());
}

std::optional<GoRecord> GoTable::record(std::uint32_t index, const Bytes& bytes) const {
  const std::size_t first = layout_.index_width();  // the function's place again
  const bool has_unit = layout_.format >= GoFormat::go1_16;
  const bool has_start_line = layout_.format >= GoFormat::go1_20;
  const std::size_t end = first + 7 * 4 + (has_unit ? 4 : 0) + (has_start_line ? 4 : 0);
  char data[48];
  std::uint64_t offset = layout_.records + functions_[index].record;
  if (offset > layout_.end || end + 4 > layout_.end - offset) return std::nullopt;
  if (!bytes.read_all(offset, data, end + 4)) return std::nullopt;
  GoRecord record;
  record.name = field<std::uint32_t>(data, first);
  record.stack_table = field<std::uint32_t>(data, first + 12);
  record.file_table = field<std::uint32_t>(data, first + 16);
  record.line_table = field<std::uint32_t>(data, first + 20);
  record.value_tables = field<std::uint32_t>(data, first + 24);
  if (has_unit) record.unit = field<std::uint32_t>(data, first + 28);
  if (has_unit) record.flags = field<std::uint8_t>(data, end + 1);
  record.data = field<std::uint8_t>(data, end + 3);
  record.rest = offset + end + 4;
  return record;
}

std::string GoTable::name(const GoRecord& record, const Bytes& bytes) const {
  return read_string(bytes, layout_.names + record.name, layout_.end);
}

std::optional<std::int32_t> GoTable::value(std::uint32_t table, std::uint32_t place, const Bytes& bytes,
                                           Budget& budget) const {
  if (table == 0) return std::nullopt;
  GoValues values(bytes, layout_.values + table, layout_.end, layout_.quantum);
  while (budget.spend() && values.next())
    if (place < values.end()) return values.value();
  return std::nullopt;
}

std::string GoTable::file(const GoRecord& record, std::int32_t number, const Bytes& bytes) const {
  if (number < 0) return {};
  std::uint32_t offset = 0;
  const std::uint64_t index = static_cast<std::uint32_t>(number);
  if (layout_.units == 0) {
    bool there = bytes.read_all(layout_.files + index * 4, &offset, sizeof offset);
    return there ? read_string(bytes, layout_.begin + offset, layout_.end) : std::string();
  }
  bool there = bytes.read_all(layout_.units + (record.unit + index) * 4, &offset, sizeof offset);
  return there && offset != UINT32_MAX ? read_string(bytes, layout_.files + offset, layout_.end)
                                       : std::string();
}

std::optional<GoTable::Inlined> GoTable::inlined(const GoRecord& record, std::uint32_t place,
                                                 const Bytes& bytes, Budget& budget) const {
  // Before Go 1.18 these are addresses that may only be known at load time.
  if (layout_.inlined == 0 || record.data <= kInlinedCalls || record.value_tables <= kInlinedByPlace)
    return std::nullopt;
  std::uint32_t table = 0;
  std::uint32_t tree = 0;
  if (!bytes.read_all(record.rest + kInlinedByPlace * 4, &table, sizeof table)) return std::nullopt;
  auto number = value(table, place, bytes, budget);
  if (!number || *number < 0) return std::nullopt;
  std::uint64_t trees = record.rest + (std::uint64_t{record.value_tables} + kInlinedCalls) * 4;
  if (!bytes.read_all(trees, &tree, sizeof tree) || tree == UINT32_MAX) return std::nullopt;
  const bool old = layout_.format == GoFormat::go1_18;
  const std::uint64_t size = old ? 20 : 16;
  char node[20] = {};
  std::uint64_t at = layout_.inlined + tree + static_cast<std::uint32_t>(*number) * size;
  if (!bytes.read_all(at, node, size)) return std::nullopt;
  return Inlined{field<std::uint32_t>(node, old ? 12 : 4), field<std::uint32_t>(node, old ? 16 : 8)};
}

std::vector<profile::Line> GoTable::lines(std::uint64_t address, const Bytes& bytes) const {
  std::vector<profile::Line> lines;
  auto index = find(address);
  auto function = index ? record(*index, bytes) : std::nullopt;
  if (!function) return lines;
  Budget budget;
  auto place = static_cast<std::uint32_t>(address - start(*index));
  GoRecord named = *function;
  for (bool more = true; more;) {
    profile::Line line;
    line.file = file(*function, value(function->file_table, place, bytes, budget).value_or(-1), bytes);
    line.line = static_cast<std::uint32_t>(
        std::max(0, value(function->line_table, place, bytes, budget).value_or(0)));
    auto call = lines.size() < kMaxInlined ? inlined(*function, place, bytes, budget) : std::nullopt;
    named.name = call ? call->name : function->name;
    line.function = name(named, bytes);
    more = call.has_value();
    if (more) place = call->call;
    if (!line.function.empty()) lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace weir::profiler
