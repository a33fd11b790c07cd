// What the API answers to its examples, as a test asks them of made-up components: examples.txt, which the
// test writes.
#pragma once

#include <string_view>

namespace weir::web {

// Of a route, by its path; "" where it has none. Ends with a newline.
std::string_view example_answer(std::string_view path);

}  // namespace weir::web
