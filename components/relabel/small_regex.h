// SmallRegex: what people write in relabel rules ((.+?)(?::\d+)?;(\d+), say)
// over plain ASCII text: such texts are too short to be worth RE2's automata.
// Tries one way after the other, the preferred one first, which gives the
// groups that Go gives; when that takes too long it leaves the text to RE2.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace weir::relabel {

class SmallRegex {
 public:
  enum class Verdict { no, yes, unsure };
  using CharSet = std::bitset<128>;

  // Nothing: the regex is not one of those, or is wrong.
  static std::optional<SmallRegex> compile(std::string_view regex, bool dot_is_newline);

  // From end to end. `groups`, unless null, becomes the whole match and the groups.
  Verdict match(std::string_view text, std::vector<std::string_view>* groups) const;
  std::size_t group_count() const { return group_count_; }

  enum class Op : std::uint8_t { run, choice, jump, mark, end };
  struct Step {
    Op op = Op::end;
    bool is_lazy = false;
    std::int16_t first = 0,
                 second = 0;  // choice, jump: steps from here, the preferred way first; mark: its slot
    std::uint16_t set = 0;    // run: of these characters …
    std::uint32_t least = 1, most = 1;  // … so many;
    std::uint16_t follows = 0;          // what can come behind it: one of these
    bool may_be_last = false;           // or nothing
  };
  using Table = std::array<bool, 128>;

 private:
  friend class SmallRegexParser;

  void look_ahead();
  std::uint16_t table_of(const CharSet& set);

  std::vector<Step> steps_;
  std::vector<CharSet> sets_;
  std::vector<Table> tables_;  // as the sets, to look things up in
  std::size_t group_count_ = 0;
};

}  // namespace weir::relabel
