// TextSearch: what a list of many offers beside its elements, so that a view need not make a value of each to
// look into it.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

namespace weir::runtime {

class TextSearch {
 public:
  virtual ~TextSearch() = default;
  // Calls `found` with the index of each element that has the text in one of its names or values, in order.
  virtual void search(std::string_view text, const std::function<void(std::size_t index)>& found) const = 0;
};

}  // namespace weir::runtime
