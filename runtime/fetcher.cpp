#include "runtime/fetcher.h"

#include "base/ascii.h"

namespace weir::runtime {

std::string_view FetchResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (equal_ignoring_case(key, name)) return value;
  }
  return {};
}

}  // namespace weir::runtime
