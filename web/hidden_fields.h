// Which arguments and exports of a component are shown as "(secret)" though their types say nothing.
#pragma once

#include "runtime/component.h"
#include "runtime/snapshot.h"
#include "web/value_json.h"

namespace weir::web {

struct HiddenFields {
  Hides arguments, exports;
};

// Whether only the texts of the whole config say it, as of a module: to read them takes a while.
bool needs_texts(const runtime::Node& node);
// What the page's config hides is hidden here too. `registry` may be null.
HiddenFields hidden_fields(const runtime::Node& node, const runtime::Snapshot& snapshot,
                           const runtime::Registry* registry);

}  // namespace weir::web
