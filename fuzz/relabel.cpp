// A relabel rule, its regex and its replacement.
#include <cstdint>
#include <string_view>

#include "components/relabel/rule.h"

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
  for (auto dialect : {weir::lang::Dialect::river, weir::lang::Dialect::alloy}) {
    weir::lang::Problems problems;
    weir::relabel::validate(rule, dialect, problems);
    if (!problems.all().empty()) continue;
    auto target = weir::discovery::Target::make({{"a", std::string(text)}, {"b", "c"}});
    (void)weir::relabel::Rules::compile({rule}, dialect)->run(target);
  }
  return 0;
}
