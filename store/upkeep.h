// What a store does besides taking profiles and answering: making room, expiry, and what is to be done about
// segments that are damaged, cannot be read, or hold what this weir does not understand. All of it under
// State::write.
#pragma once

#include <cstdint>
#include <string_view>

#include "store/replay.h"
#include "store/state.h"

namespace weir::store {

void take_new_limits(State& s);
void publish_stats(State& s);

// Removes the oldest segments until there is room for `bytes` more. Fails where one cannot be removed.
Result<> make_room(State& s, std::uint64_t bytes);
void forget_expired(State& s, WallTime now);

// Tries again what could not be read or mended.
void try_unreadable(State& s);
// Sets a segment aside, if any of it is damaged, and finds its sound records at their new places. Whether
// that was done.
bool salvage(State& s, std::uint32_t segment);
// What the index has of a segment is forgotten for what stands there now; how many profiles fewer that is.
std::uint64_t replace_in_index(State& s, std::uint32_t segment, const Heads& heads);
// Of a group whose bytes are sound and make no sense: its profiles are lost, its file is kept.
void forget_nonsense(State& s, const Index::Group& group, std::string_view why);
// Names the segments that have records we do not understand.
void note_strange(State& s, const Replay& replay);

}  // namespace weir::store
