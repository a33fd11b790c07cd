// One case of the relabel corpus: a line of JSON in, an answer out.
#pragma once

#include <string>
#include <string_view>

namespace weir::tests {

// {"id","d","labels","rules"} gives {"id","ok","keep","labels"}.
std::string answer_relabel_case(std::string_view line);

// A line of the corpus, with "in" and "want": "" when the answer is right, else what it was.
std::string check_relabel_case(std::string_view line);

}  // namespace weir::tests
