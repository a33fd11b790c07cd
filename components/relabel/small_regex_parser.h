// Behind small_regex.h: reads a regex; whatever it does not know it refuses.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "components/relabel/small_regex.h"

namespace weir::relabel {

class SmallRegexParser {
 public:
  using Code = std::vector<SmallRegex::Step>;

  SmallRegexParser(std::string_view regex, bool dot_is_newline)
      : rest_(regex), dot_is_newline_(dot_is_newline) {}
  std::optional<SmallRegex> run();

 private:
  struct Count {
    std::uint32_t least = 1, most = 1;
    bool is_lazy = false;
  };

  // Each is nothing where it cannot go on.
  std::optional<Code> alternatives(int depth);
  std::optional<Code> sequence(int depth);
  std::optional<Code> group(int depth);
  std::optional<Code> character();
  std::optional<SmallRegex::CharSet> one_of();
  std::optional<SmallRegex::CharSet> escape();
  std::optional<char> member();
  std::optional<Count> count();
  std::optional<Count> braces();
  std::optional<std::uint32_t> number();
  bool take(std::string_view token);

  std::string_view rest_;
  bool dot_is_newline_;
  SmallRegex regex_;
};

}  // namespace weir::relabel
