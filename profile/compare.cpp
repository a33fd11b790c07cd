#include "profile/compare.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace weir::profile {

std::vector<FunctionChange> compare_functions(const Profile& before, const Profile& after) {
  FunctionTable table;
  table.add(before);
  std::vector<FunctionTotals> then = table.take_totals();
  table.add(after);
  then.resize(table.totals().size());
  std::vector<FunctionChange> changes;
  changes.reserve(then.size());
  for (std::size_t i = 0; i < then.size(); ++i)
    changes.push_back({table.symbols()[i], then[i], table.totals()[i]});
  auto change = [](const FunctionChange& c) {
    std::int64_t difference = subtract_saturating(c.after.self, c.before.self);
    return difference == INT64_MIN ? INT64_MAX : std::abs(difference);
  };
  auto size = [](const FunctionChange& c) { return std::max(c.after.total, c.before.total); };
  std::ranges::sort(changes, [&](const FunctionChange& a, const FunctionChange& b) {
    if (change(a) != change(b)) return change(a) > change(b);
    return size(a) != size(b) ? size(a) > size(b) : a.function.name < b.function.name;
  });
  return changes;
}

Result<double> factor(const Profile& before, const Profile& after, Basis basis) {
  auto ratio = [](double of, double to) { return of == 0 ? 1 : to / of; };
  if (basis == Basis::share)
    return ratio(static_cast<double>(before.total()), static_cast<double>(after.total()));
  if (before.type.sample_unit != after.type.sample_unit)
    return fail("one counts {}, the other {}", before.type.sample_unit, after.type.sample_unit);
  if (basis == Basis::total) return 1;
  if (before.duration <= Duration::zero() || after.duration <= Duration::zero())
    return fail("one of them does not say how long it was");
  return ratio(static_cast<double>(before.duration.count()), static_cast<double>(after.duration.count()));
}

void scale(Profile& profile, double factor) {
  constexpr double kMost = 9e18;  // within the type's limits
  for (Sample& sample : profile.samples) {
    double value = std::clamp(static_cast<double>(sample.value) * factor, -kMost, kMost);
    sample.value = std::llround(value);
  }
}

}  // namespace weir::profile
