// SourceLabels: a list of strings that remembers whether it was written at all
// (labeldrop and labelkeep refuse even an empty one).
#pragma once

#include <string>
#include <vector>

#include "lang/codec.h"

namespace weir::relabel {

struct SourceLabels {
  std::vector<std::string> names;
  bool written = false;

  bool operator==(const SourceLabels&) const = default;
};

}  // namespace weir::relabel

template <>
struct weir::lang::Codec<weir::relabel::SourceLabels> {
  using List = Codec<std::vector<std::string>>;

  static std::string type() { return List::type(); }
  static Converted<weir::relabel::SourceLabels> from_value(const Value& value) {
    auto names = List::from_value(value);
    if (!names) return std::unexpected(names.error());
    return weir::relabel::SourceLabels{*std::move(names), true};
  }
  static Value to_value(const weir::relabel::SourceLabels& labels) { return List::to_value(labels.names); }
};
