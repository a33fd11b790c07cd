#include "profile/labels.h"

#include <algorithm>
#include <numeric>

#include "profile/hash_index.h"

namespace weir::profile {

Labels::Labels(std::vector<Pair> pairs) {
  // std::stable_sort would do, but its temporary buffer is deprecated.
  std::vector<std::uint32_t> order(pairs.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    int by_name = pairs[a].first.compare(pairs[b].first);
    return by_name != 0 ? by_name < 0 : a < b;
  });
  pairs_.reserve(pairs.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    Pair& pair = pairs[order[i]];
    bool last_of_name = i + 1 == order.size() || pairs[order[i + 1]].first != pair.first;
    if (last_of_name && !pair.second.empty()) pairs_.push_back(std::move(pair));
  }
}

std::string_view Labels::get(std::string_view name) const {
  auto found = std::lower_bound(pairs_.begin(), pairs_.end(), name,
                                [](const Pair& pair, std::string_view n) { return pair.first < n; });
  if (found == pairs_.end() || found->first != name) return {};
  return found->second;
}

std::uint64_t Labels::hash() const {
  std::uint64_t hash = pairs_.size();
  for (const auto& [name, value] : pairs_) hash = hash_string(value, hash_string(name, hash));
  return hash;
}

std::string Labels::to_string() const {
  std::string text = "{";
  for (const auto& [name, value] : pairs_) {
    if (text.size() > 1) text += ',';
    text += name;
    text += "=\"";
    for (char c : value) {
      if (c == '\n') {
        text += "\\n";
        continue;
      }
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    text += '"';
  }
  return text + '}';
}

}  // namespace weir::profile
