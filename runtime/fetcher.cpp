#include "runtime/fetcher.h"

#include <algorithm>
#include <cctype>

namespace weir::runtime {

std::string_view FetchResponse::header(std::string_view name) const {
  auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
  };
  for (const auto& [key, value] : headers) {
    if (std::ranges::equal(key, name, same)) return value;
  }
  return {};
}

}  // namespace weir::runtime
