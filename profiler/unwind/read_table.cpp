#include <algorithm>

#include "profiler/unwind/table.h"
#include "profiler/unwind/table_builder.h"

namespace weir::profiler {
namespace {

// A table's rows in order, and the rule that holds at the place reached.
class Rows {
 public:
  explicit Rows(const UnwindTable& table) : table_(table) {}

  // Of the next row; the largest address when there is none.
  std::uint64_t next() const {
    return at_ < table_.rows() ? table_.base + table_.starts[at_] : ~std::uint64_t{0};
  }
  void reach(std::uint64_t address) {
    for (; next() <= address && at_ < table_.rows(); ++at_) rule_ = table_.distinct[table_.rules[at_]];
  }
  const unwind_rule& rule() const { return rule_; }

 private:
  const UnwindTable& table_;
  std::size_t at_ = 0;
  unwind_rule rule_{};
};

Result<UnwindTable> merge(const UnwindTable& first, const UnwindTable& second, std::size_t byte_limit) {
  auto too_large = fail("its unwind tables need more than {} bytes", byte_limit);
  std::size_t used = first.bytes() + second.bytes();
  if (used > byte_limit) return too_large;
  UnwindTableBuilder merged(std::min(first.base, second.base), byte_limit - used,
                            first.rows() + second.rows());
  Rows preferred(first);
  Rows other(second);
  for (;;) {
    std::uint64_t address = std::min(preferred.next(), other.next());
    if (address - merged.base() > UINT32_MAX) break;
    preferred.reach(address);
    other.reach(address);
    const unwind_rule& rule = preferred.rule().cfa != UNWIND_CFA_INVALID ? preferred.rule() : other.rule();
    if (!merged.add(static_cast<std::uint32_t>(address - merged.base()), rule)) return too_large;
  }
  return merged.take();
}

}  // namespace

Result<UnwindTable> read_unwind_table(const Elf& elf, const Bytes& bytes, std::size_t byte_limit) {
  auto eh_frame = read_eh_frame(elf, bytes, byte_limit);
  if (!eh_frame) return eh_frame;
  auto go = read_go_frames(elf, bytes, byte_limit);
  if (!go || eh_frame->rows() == 0) return go;
  if (go->rows() == 0) return eh_frame;
  // C code in a Go program has .eh_frame; what the Go compiler made has not.
  return merge(*go, *eh_frame, byte_limit);
}

}  // namespace weir::profiler
