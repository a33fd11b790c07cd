#include "profiler/unwind/table_writer.h"

#include <algorithm>
#include <span>
#include <utility>

namespace weir::profiler {

namespace {

constexpr std::size_t kWord = sizeof(std::uint32_t);
constexpr std::size_t kPageWords = sizeof(unwind_page) / kWord;
constexpr std::size_t kMostPages = UNWIND_SEGMENT_WORDS / kPageWords;
// Rows of neighbouring pages share an object up to this size: small enough to fit into gaps.
constexpr std::size_t kObjectWords = 8192;

// A search among so many rows touches three lines of the cache.
constexpr std::size_t kRowsOfPage = 64;
constexpr int kLeastPageBits = 8;

std::size_t pages_of(const UnwindTable& table, int page_bits) {
  return table.starts.empty() ? 0 : (table.starts.back() >> page_bits) + std::size_t{1};
}

class TableWriter {
 public:
  TableWriter(Arena& arena, const UnwindTable& table) : arena_(arena), table_(table) {
    written_.base = table.base;
    written_.page_bits = page_bits_of(table);
    for (const unwind_rule& rule : table.distinct) rules_.push_back(arena.intern(rule));
  }
  ~TableWriter() { free_table(arena_, written_); }
  TableWriter(const TableWriter&) = delete;
  TableWriter& operator=(const TableWriter&) = delete;

  Result<WrittenTable> write();

 private:
  // Numbers of rows from which pages begin: one more than there are pages.
  std::vector<std::size_t> page_limits(std::size_t pages) const;
  Result<> write_rows(std::size_t first, std::size_t last);
  Result<std::uint32_t> put(const void* data, std::size_t words);
  std::uint16_t rule_of(std::size_t row) const {
    std::uint16_t rule = table_.rules[row];
    return rule < rules_.size() ? rules_[rule] : std::uint16_t{0};
  }

  Arena& arena_;
  const UnwindTable& table_;
  std::vector<std::uint16_t> rules_;  // the arena's numbers of table_.distinct
  std::vector<std::size_t> limits_;
  std::vector<unwind_page> pages_;
  std::vector<std::uint32_t> words_;
  WrittenTable written_;
};

std::vector<std::size_t> TableWriter::page_limits(std::size_t pages) const {
  std::vector<std::size_t> limits(pages + 1, table_.starts.size());
  std::size_t row = 0;
  for (std::size_t page = 0; page < pages; ++page) {
    while (row < table_.starts.size() && table_.starts[row] >> written_.page_bits < page) ++row;
    limits[page] = row;
  }
  return limits;
}

Result<std::uint32_t> TableWriter::put(const void* data, std::size_t words) {
  auto address = arena_.alloc(words);
  if (!address) return address;
  written_.objects.push_back(*address);
  auto done = arena_.write(*address, std::span(static_cast<const std::byte*>(data), words * kWord));
  if (!done) return fail(done.error());
  return *address;
}

// Of the pages [first, last), which fit into one object.
Result<> TableWriter::write_rows(std::size_t first, std::size_t last) {
  std::size_t begin = limits_[first];
  std::size_t end = limits_[last];
  if (begin == end) return {};
  words_.clear();
  for (std::size_t row = begin; row < end; ++row) {
    words_.push_back(((table_.starts[row] & 0xffffu) << 16) | rule_of(row));
  }
  auto address = put(words_.data(), words_.size());
  if (!address) return fail(address.error());
  for (std::size_t page = first; page < last; ++page) {
    if (limits_[page] == limits_[page + 1]) continue;
    pages_[page].rows = *address + static_cast<std::uint32_t>(limits_[page] - begin);
  }
  return {};
}

Result<WrittenTable> TableWriter::write() {
  std::size_t pages = pages_of(table_, written_.page_bits);
  if (pages == 0) return std::exchange(written_, {});
  if (pages > kMostPages) return fail("its code is spread over more than 2 GiB");
  limits_ = page_limits(pages);
  pages_.resize(pages);
  std::size_t first = 0;
  for (std::size_t page = 0; page < pages; ++page) {
    std::size_t rows = limits_[page + 1] - limits_[page];
    // A row at each of 65536 addresses would be one too many for the count.
    if (rows > 0xffff) return fail("more than 65535 rows in 64 KiB of code");
    pages_[page].count = static_cast<std::uint16_t>(rows);
    pages_[page].carried = limits_[page] == 0 ? std::uint16_t{0} : rule_of(limits_[page] - 1);
    if (limits_[page + 1] - limits_[first] > kObjectWords && page > first) {
      if (auto done = write_rows(first, page); !done) return fail(done.error());
      first = page;
    }
  }
  if (auto done = write_rows(first, pages); !done) return fail(done.error());
  auto address = put(pages_.data(), pages * kPageWords);
  if (!address) return fail(address.error());
  written_.pages = *address;
  written_.count = static_cast<std::uint16_t>(pages);
  return std::exchange(written_, {});
}

}  // namespace

std::uint8_t page_bits_of(const UnwindTable& table) {
  int bits = UNWIND_MOST_PAGE_BITS;
  while (bits > kLeastPageBits && pages_of(table, bits - 1) <= kMostPages &&
         table.rows() > kRowsOfPage * pages_of(table, bits)) {
    --bits;
  }
  return static_cast<std::uint8_t>(bits);
}

std::size_t written_bytes(const UnwindTable& table) {
  std::size_t pages = pages_of(table, page_bits_of(table));
  // Two neighbouring objects of rows have more than kObjectWords; one object has the pages.
  std::size_t objects = std::min(pages, 2 * table.rows() / kObjectWords + 1) + 1;
  std::size_t rounding = objects * (FreeWords::kGrain - 1);
  return (table.rows() + pages * kPageWords + rounding) * kWord;
}

Result<WrittenTable> write_table(Arena& arena, const UnwindTable& table) {
  return TableWriter(arena, table).write();
}

void free_table(Arena& arena, WrittenTable& written) {
  for (std::uint32_t object : std::exchange(written.objects, {})) arena.free(object);
  written.pages = 0;
  written.count = 0;
}

}  // namespace weir::profiler
