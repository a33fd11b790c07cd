#include "net/query.h"

#include <algorithm>
#include <cstddef>

namespace weir::net {

std::vector<QueryPair> split_query(std::string_view target) {
  std::vector<QueryPair> pairs;
  std::string_view rest = target.substr(std::min(target.find('?'), target.size()));
  while (!rest.empty()) {
    rest.remove_prefix(1);  // the '?' or '&' before it
    std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(pair.size());
    if (pair.empty()) continue;
    std::size_t equals = std::min(pair.find('='), pair.size());
    pairs.push_back(
        {.name = pair.substr(0, equals), .value = pair.substr(std::min(equals + 1, pair.size()))});
  }
  return pairs;
}

}  // namespace weir::net
