// pprof: the profile.proto of google/pprof, in and out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "profile/memory_budget.h"
#include "profile/profile.h"

namespace weir::profile {

// The message, not compressed. Mappings carry file, build id and range;
// locations their address, samples their labels; unnamed frames are named as display_name() says, and a
// comment for each of the first files with such frames says why.
// There is exactly one sample type, so a sample's count is not written.
std::string encode_pprof(const Profile& profile);

// The same, gzipped (level 1: compression is the whole cost).
std::string encode_pprof_gzip(const Profile& profile);

std::string gzip(std::string_view data);
// Fails when the result would be larger than `limit` bytes.
Result<std::string> gunzip(std::string_view data, std::size_t limit);
// Within what is left of the budget, from which the result is taken.
Result<std::string> gunzip(std::string_view data, MemoryBudget& budget);

// Reads a message (gzipped or not) of at most `limit` bytes once unpacked, which may take memory_for(limit)
// once decoded; times and durations that are no such are taken for the next that are. The
// labels are not part of pprof and stay empty, the id is a new one. A function
// that is named as an unnamed frame would be is read as an unnamed frame again. Of several sample types
// `sample_type` is taken (empty: the default one, else the last).
Result<Profile> decode_pprof(std::string_view data, std::size_t limit, std::string_view sample_type = {});

// The same, a profile for each distinct sample type (at most 16), within a budget of memory that holds the
// message once unpacked and all profiles made of it. How many samples there were is no profile of its own
// beside the time that they stand for.
Result<std::vector<Profile>> decode_pprof_types(std::string_view data, MemoryBudget& budget);

}  // namespace weir::profile
