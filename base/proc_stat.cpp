#include "base/proc_stat.h"

#include "base/number.h"

namespace weir {

std::optional<ProcStat> ProcStat::parse(std::string_view text) {
  // The name in parentheses may hold anything, parentheses too.
  auto open = text.find(" (");
  auto close = text.rfind(") ");
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return std::nullopt;
  auto pid = whole_number<std::uint32_t>(text.substr(0, open));
  ProcStat stat;
  stat.comm_ = text.substr(open + 2, close - open - 2);
  stat.rest_ = text.substr(close + 2);
  if (!pid || stat.rest_.empty()) return std::nullopt;
  stat.pid_ = *pid;
  return stat;
}

std::string_view ProcStat::from_field(int field) const {
  std::string_view rest = rest_;
  for (int at = 3; at < field; ++at) {
    auto space = rest.find(' ');
    if (space == std::string_view::npos) return {};
    rest.remove_prefix(space + 1);
  }
  return rest;
}

}  // namespace weir
