// A flame tree as the page draws it: columns, one entry a node, strings in a table.
#pragma once

#include "base/json.h"
#include "profile/flame.h"

namespace weir::web {

// {"strings": […], "name": […], "module": […], "kind": […], "why": […], "reason": […], "parent": […],
// "total": […], "self": […]} Nodes stand in preorder, siblings as the tree has them; name, module, kind, why
// and reason (what was looked at in search of a name) are indexes into strings; the root's parent is -1. A
// tree with a time before also has "beforeTotal" and "beforeSelf".
void write_flame(JsonWriter& json, const profile::FlameTree& tree);

}  // namespace weir::web
