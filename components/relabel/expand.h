// Template: a replacement text with $1 and ${name}, with the meaning of Go's
// Regexp.Expand over the groups of an RE2 expression.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
class StringPiece;
}  // namespace re2

namespace weir::relabel {

class Template {
 public:
  Template() = default;
  Template(std::string_view text, const re2::RE2& regex);

  // `groups` as RE2::Match fills them, the whole match first.
  void expand(const re2::StringPiece* groups, std::string& out) const;
  bool is_literal() const { return parts_.empty(); }
  const std::string& literal() const { return tail_; }

 private:
  struct Part {
    std::string before;
    int group;  // -1: a group that does not exist, which is empty
  };
  std::vector<Part> parts_;
  std::string tail_;
};

}  // namespace weir::relabel
