// Labels: name/value pairs sorted by name, each name once.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::profile {

class Labels {
 public:
  using Pair = std::pair<std::string, std::string>;

  Labels() = default;
  // Sorts; of equal names the last stands; an empty value means the label is absent.
  explicit Labels(std::vector<Pair> pairs);
  Labels(std::initializer_list<Pair> pairs) : Labels(std::vector<Pair>(pairs)) {}

  // "" when absent.
  std::string_view get(std::string_view name) const;
  const std::vector<Pair>& pairs() const { return pairs_; }
  // Of the content; stable within a process only.
  std::uint64_t hash() const;
  // {a="b",c="d"}
  std::string to_string() const;

  bool operator==(const Labels&) const = default;

 private:
  std::vector<Pair> pairs_;
};

}  // namespace weir::profile
