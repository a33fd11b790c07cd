// Where weir and the other programs that read this language part, and where weir does as they do although one
// would expect otherwise. The reference page of the language is made from this.
#pragma once

#include <span>
#include <string_view>

namespace weir::lang {

struct Difference {
  std::string_view subject;  // "`%` of a secret in format()"
  std::string_view others;   // what they do
  std::string_view here;     // what weir does
  std::string_view reason;
};

// What weir does otherwise.
std::span<const Difference> differences();
// What surprises, and is the same everywhere: `here` is empty.
std::span<const Difference> shared_peculiarities();

}  // namespace weir::lang
