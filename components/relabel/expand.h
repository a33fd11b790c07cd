// Template: a replacement text with $1 and ${name}, with the meaning of Go's
// Regexp.Expand over the groups of a regex.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "components/relabel/matcher.h"

namespace weir::relabel {

class Template {
 public:
  Template() = default;
  Template(std::string_view text, const Matcher& regex);

  // Appends.
  void expand(const Matcher::Groups& groups, std::string& out) const;
  // The group that is all there is to it; -1: it is something else.
  int only_group() const {
    return parts_.size() == 1 && parts_[0].before.empty() && tail_.empty() ? parts_[0].group : -1;
  }
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
