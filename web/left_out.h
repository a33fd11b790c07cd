// Which rule of the config leaves a process out.
#pragma once

#include <span>

#include "runtime/snapshot.h"
#include "web/process_list.h"

namespace weir::web {

// Where the way of its target tells, the `why` of those that are left out.
void tell_why_left_out(const runtime::Snapshot& snapshot, std::span<ProcessRow> rows);

}  // namespace weir::web
