// One case of the relabel corpus: a line of JSON in, an answer out.
#pragma once

#include <string>
#include <string_view>

#include <boost/json.hpp>

namespace weir::tests {

// {"d","labels","rules"} gives {"ok","keep","labels"}.
boost::json::object answer_relabel_case(const boost::json::object& row);

// A line of the corpus, with "in" and "want": "" when the answers are right, in each dialect that it is
// about, else what one was.
std::string check_relabel_case(std::string_view line);

}  // namespace weir::tests
