// Text forms of a profile that other programs read, and one that weir reads too.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "profile/memory_budget.h"
#include "profile/profile.h"

namespace weir::profile {

// One line a stack, "root;…;leaf value", as flamegraph.pl and speedscope read it.
std::string encode_folded(const Profile& profile);

// The same of two profiles, "root;…;leaf before after", as difffolded.pl writes it.
std::string encode_folded(const Profile& before, const Profile& after);

// Reads lines as encode_folded(profile) writes them, at most `limit` bytes, which may take memory_for(limit).
// What the values count is not told: the type is "samples" in "count", and there is neither a time nor a
// duration.
Result<Profile> decode_folded(std::string_view text, std::size_t limit);

// The same within a budget of memory; also of lines that are a stack alone, each met once.
enum class FoldedLines { with_values, stacks_only };
Result<Profile> decode_folded(std::string_view text, FoldedLines lines, MemoryBudget& budget);

// A file of https://www.speedscope.app: one sampled profile, each distinct stack once, with its value for a
// weight. `name` is what the viewer calls it.
std::string encode_speedscope(const Profile& profile, std::string_view name);

}  // namespace weir::profile
