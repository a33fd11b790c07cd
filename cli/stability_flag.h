// --stability.level, of the commands that read a config.
#pragma once

#include "base/result.h"
#include "cli/flags.h"
#include "runtime/component.h"

namespace weir::cli {

inline constexpr Flag kStabilityFlag{
    .name = "stability.level",
    .value = "LEVEL",
    .default_text = "experimental",
    .doc =
        "A config that uses what is less stable is refused: generally-available, public-preview or "
        "experimental. The default lets everything through, as Agent Flow does; Alloy's is "
        "generally-available."};

// Of an invocation of a command that has the flag.
Result<runtime::Stability> least_stability(const Invocation& invocation);

}  // namespace weir::cli
