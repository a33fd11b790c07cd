// Old profiles become coarser: those of one segment at a time, which is written anew.
#pragma once

#include "store/state.h"

namespace weir::store {

// Of the oldest segment that is due. One that cannot be written anew stays as fine as it is, and is tried
// again, at most once an hour. Under State::write.
void make_coarser(State& s, WallTime now);

}  // namespace weir::store
