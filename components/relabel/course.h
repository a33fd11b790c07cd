// Behind program.h: a State is a point in the course of targets through rules,
// where the next rule has to be asked what it makes of a value. Builder works
// out what lies between two of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "components/relabel/program.h"

namespace weir::relabel {

// Where a value is. 0 and above: of the label of that index of the target that came in; below: computed on
// the way, the first as -1.
using Register = std::int32_t;
inline constexpr Register kAbsent = std::numeric_limits<Register>::min();

// What a rule may come to, apart from dropping the target.
enum class Turn : std::uint8_t { unchanged, set, removed };

struct Program::State {
  struct Entry {
    const std::string* name;  // in the pool: equal names, equal pointers
    Register value;
  };

  discovery::LayoutPtr input;
  std::size_t rule = 0;  // the next one; behind the last: this is an end
  // As Labels walks them: what is left of the target, then what was added, in order.
  std::vector<Entry> entries;
  std::size_t left = 0;       // so many entries are of the target as it came in
  std::int32_t computed = 0;  // so many values are

  std::vector<Register> sources;
  Register other = kAbsent;                         // what keepequal and dropequal compare with
  bool takes_source = false;                        // what a replace writes is all of its one source
  std::array<State*, 3> next{};                     // by turn
  std::unordered_map<std::string, State*> by_name;  // where the regex decides which label is written

  // Of an end.
  discovery::LayoutPtr output;  // null: the target stays as it is
  std::vector<Register> own;    // values that the new target holds itself
  bool may_be_same = false;     // same names, but perhaps other values

  std::size_t bytes() const;
};

class Program::Builder {
 public:
  explicit Builder(Program& program) : program_(program) {}

  State* begin(const discovery::LayoutPtr& input);
  // Null when there is no room for it.
  State* turn(State& at, Turn turn);
  State* turn_to(State& at, Turn turn, const std::string& name);

 private:
  State after(const State& at, Turn turn, std::string_view name);
  // Passes the rules that need no values.
  State* advance(State state);
  bool settle(State& state, const Rule& rule);
  bool settle_constant(State& state, const Rule& rule);
  void map_names(State& state, const Rule& rule);
  void remove_names(State& state, const Rule& rule);
  void end(State& state);

  const std::string* pooled(std::string_view name);
  Register find(const State& state, std::string_view name) const;
  void set(State& state, std::string_view name, Register value);
  void remove(State& state, std::string_view name);

  Program& program_;
};

}  // namespace weir::relabel
