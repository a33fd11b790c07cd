#include "cli/stability_flag.h"

#include "lang/text.h"

namespace weir::cli {

Result<runtime::Stability> least_stability(const Invocation& invocation) {
  using enum runtime::Stability;
  std::string_view level = invocation.flag(kStabilityFlag.name);
  for (runtime::Stability one : {stable, beta, experimental}) {
    if (to_string(one) == level) return one;
  }
  return fail("--{} is generally-available, public-preview or experimental, got \"{}\"", kStabilityFlag.name,
              lang::printable(level));
}

}  // namespace weir::cli
