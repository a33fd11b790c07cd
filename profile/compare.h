// Two profiles of the same work, the time before and the time after.
#pragma once

#include <vector>

#include "base/result.h"
#include "profile/functions.h"
#include "profile/profile.h"

namespace weir::profile {

struct FunctionChange {
  Symbol function;
  FunctionTotals before;
  FunctionTotals after;
};

// All functions of both, the largest change of self first; what has not changed is there too.
std::vector<FunctionChange> compare_functions(const Profile& before, const Profile& after);

// What makes two recordings alike before they are compared.
enum class Basis {
  total,  // nothing: what is more is more CPU time, as of a command that did the same work twice
  time,   // as if both had lasted as long, as of a service that was looked at for different times
  share,  // as if both had taken as much: what is more is a larger part
};

// By what the values of `before` have to be multiplied. Fails where the two cannot be compared so.
Result<double> factor(const Profile& before, const Profile& after, Basis basis);
void scale(Profile& profile, double factor);

}  // namespace weir::profile
