// View: a list a component offers to the page under a name, read in pages, so
// that a component with 100,000 targets answers as fast as one with three.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lang/value.h"

namespace weir::runtime {

struct ViewPage {
  std::size_t total = 0;     // rows there are
  std::size_t matching = 0;  // rows that match the filter
  std::vector<lang::Value> rows;
};

// Immutable, or safe to read from any thread.
class View {
 public:
  virtual ~View() = default;
  virtual std::string_view name() const = 0;   // "targets"
  virtual std::string_view title() const = 0;  // "Targets found"
  // Rows whose text contains `filter` (no filter: all), from `offset`, at most `limit`.
  virtual ViewPage page(std::string_view filter, std::size_t offset, std::size_t limit) const = 0;
};

// Over a list that an export holds already; keeps it alive.
std::shared_ptr<const View> list_view(std::string name, std::string title,
                                      std::shared_ptr<const lang::List> list);

}  // namespace weir::runtime
