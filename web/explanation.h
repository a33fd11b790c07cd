// What became of targets, as JSON for the page and as text for a terminal.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/json.h"
#include "runtime/explain.h"

namespace weir::web {

using TargetLabels = std::map<std::string, std::string>;
// Those of a target; a value that is no string as it is described.
TargetLabels labels_of(const lang::Value& target);

// Of an answer as text: how many targets match, for whoever has to know whether there is one.
inline constexpr std::string_view kFoundHeader = "Weir-Found";

void write_explanations(JsonWriter& json, const runtime::Explanations& explanations);

// Lines for a terminal: each component with its place in the config, each rule with what it did and why.
// Control characters of labels are escaped.
std::string explanations_text(const runtime::Explanations& explanations);

}  // namespace weir::web
