// What became of targets, as JSON for the page and as text for a terminal.
#pragma once

#include <string>

#include "base/json.h"
#include "runtime/explain.h"

namespace weir::web {

void write_explanations(JsonWriter& json, const runtime::Explanations& explanations);

// Lines for a terminal: each component with its place in the config, each rule with what it did and why.
// Control characters of labels are escaped.
std::string explanations_text(const runtime::Explanations& explanations);

}  // namespace weir::web
