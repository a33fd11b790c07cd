// Selectors as the Kubernetes API takes them: whether it will.
#pragma once

#include <string_view>

#include "base/result.h"

namespace weir::discovery {

// "app=shop,tier in (web, api),!canary"
Result<> check_label_selector(std::string_view text);
// "spec.nodeName=worker-1,status.phase!=Failed"
Result<> check_field_selector(std::string_view text);

}  // namespace weir::discovery
