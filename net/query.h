// The query of a request's target, in its pieces.
#pragma once

#include <string_view>
#include <vector>

namespace weir::net {

struct QueryPair {
  std::string_view name, value;  // as sent: see decode_query in net/text.h
};

// Of "/path?a=1&b" a with "1" and b with "". Empty pieces between two '&' are none.
std::vector<QueryPair> split_query(std::string_view target);

}  // namespace weir::net
