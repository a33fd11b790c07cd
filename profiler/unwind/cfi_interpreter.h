// CfiInterpreter: runs the call frame instructions of one function after the
// other; their rows go to a table.
#pragma once

#include <cstdint>
#include <optional>

#include "profiler/unwind/cfi_entries.h"
#include "profiler/unwind/cfi_state.h"
#include "profiler/unwind/table_builder.h"

namespace weir::profiler {

class CfiInterpreter {
 public:
  // `bases` must outlive it.
  explicit CfiInterpreter(const EhBases& bases) : bases_(bases) {}

  // Computes what holds at the start of each function of the CIE.
  void prepare(Cie& cie);

  // Makes the rows of a function up to `limit`, its end or the next one's start. From
  // an instruction on that we cannot read they are INVALID. False when the table has no room.
  bool run(const Cie& cie, const Fde& fde, std::uint64_t limit, UnwindTableBuilder& table);

 private:
  CfiState initial(const Cie& cie);

  enum class Step : std::uint8_t { more, done, broken, full };
  // What became of a register.
  enum class How : std::uint8_t { same, at, value, in_register, undefined };

  Step execute(Cursor code, std::optional<PlainState> plain);
  // From a plain state on, as long as it stays one; then state_ is what was reached.
  Step execute_plain(Cursor& code, PlainState state);
  enum class Plain : std::uint8_t { changed, advanced, no_more };
  Plain step_plain(Cursor& code, PlainState& state, std::uint64_t& distance);
  bool save_plain(std::uint64_t reg, std::uint8_t factored, PlainState& state) const;
  Step step(Cursor& code);
  Step step_extended(std::uint8_t op, Cursor& code);
  Step step_register(std::uint8_t op, Cursor& code);
  Step step_cfa(std::uint8_t op, Cursor& code);
  Step advance(std::uint64_t count);
  Step move_to(std::uint64_t place);
  bool emit();

  void save(std::uint64_t reg, How how, const CfiValue& value);
  void save_in_register(std::uint64_t reg, std::uint64_t other);
  void save_at_offset(std::uint64_t reg, How how, std::uint64_t factored);
  void restore(std::uint64_t reg);
  void set_cfa(std::uint64_t reg, std::uint64_t offset);
  std::uint64_t scaled(std::uint64_t factored) const;

  static constexpr std::size_t kRemembered = 16;

  const EhBases& bases_;
  UnwindTableBuilder* table_ = nullptr;
  const Cie* cie_ = nullptr;
  const CfiState* initial_ = nullptr;  // what "restore" restores
  CfiState state_;
  std::uint64_t start_ = 0;  // of the function
  std::uint64_t at_ = 0;
  std::uint64_t limit_ = 0;
  CfiState remembered_[kRemembered];
  std::size_t depth_ = 0;
};

}  // namespace weir::profiler
