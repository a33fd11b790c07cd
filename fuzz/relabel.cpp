// A relabel rule over a few targets: the quick ways give what RE2 gives, rule by rule.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "components/relabel/program.h"

namespace {

using weir::discovery::Target;
using weir::discovery::TargetPtr;

void compare(const weir::relabel::Rules& plain, weir::relabel::Program& program, const TargetPtr& target) {
  auto wanted = plain.run(target), outcome = program.run(target);
  bool is_same = !wanted.target == !outcome.target && wanted.dropped_by == outcome.dropped_by &&
                 (!wanted.target ||
                  (*wanted.target == *outcome.target && wanted.target->hash() == outcome.target->hash()));
  if (!is_same) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  auto next = [&] {
    std::string_view part = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    return std::string(part);
  };
  weir::relabel::RuleArguments rule;
  rule.action = next();
  rule.regex = next();
  rule.target_label = next();
  rule.replacement = next();
  rule.source_labels = {{"a"}, true};
  rule.modulus = rule.action == "hashmod" ? 7 : 0;
  std::string other = next();
  for (auto dialect : {weir::lang::Dialect::river, weir::lang::Dialect::alloy}) {
    weir::lang::Problems problems;
    rule.dialect = dialect;
    weir::relabel::validate(rule, problems);
    if (!problems.all().empty()) continue;
    // Twice: what the first target made of the labels, the second takes as its source.
    auto plain = weir::relabel::Rules::compile_plain({rule, rule});
    weir::relabel::Program program(weir::relabel::Rules::compile({rule, rule}));
    compare(*plain, program, Target::make({{"a", std::string(text)}, {"b", "c"}}));
    compare(*plain, program, Target::make({{"a", other}, {"b", "c"}}));
    compare(*plain, program, Target::make({{"a", std::string(text)}, {"b", "c"}}));
    compare(*plain, program, Target::make({{other, std::string(text)}, {"a", "x"}}));
  }
  return 0;
}
