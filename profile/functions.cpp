#include "profile/functions.h"

#include <algorithm>
#include <cstdlib>

namespace weir::profile {

void FunctionTable::add(const Profile& profile) {
  paths_.read(profile);
  totals_.resize(paths_.symbols().size());
  last_sample_.resize(paths_.symbols().size(), 0);
  for (const Sample& sample : profile.samples) {
    ++samples_;
    total_ = add_saturating(total_, sample.value);
    const Stack& stack = profile.stacks[sample.stack];
    for (std::uint32_t frame : stack.frames) {
      for (std::uint32_t symbol : paths_.of(frame)) {
        if (last_sample_[symbol] == samples_) continue;
        last_sample_[symbol] = samples_;
        totals_[symbol].total = add_saturating(totals_[symbol].total, sample.value);
      }
    }
    if (stack.frames.empty()) continue;
    // Of a frame with inlined functions the innermost is where the CPU was.
    FunctionTotals& leaf = totals_[paths_.of(stack.frames.front()).back()];
    leaf.self = add_saturating(leaf.self, sample.value);
  }
}

std::vector<FunctionChange> compare_functions(const Profile& before, const Profile& after) {
  FunctionTable table;
  table.add(before);
  std::vector<FunctionTotals> then = table.totals();
  table.add(after);
  then.resize(table.totals().size());
  std::vector<FunctionChange> changes;
  changes.reserve(then.size());
  for (std::size_t i = 0; i < then.size(); ++i) {
    const FunctionTotals& both = table.totals()[i];
    FunctionTotals now{.self = both.self - then[i].self, .total = both.total - then[i].total};
    changes.push_back({table.symbols()[i], then[i], now});
  }
  auto change = [](const FunctionChange& c) { return std::abs(c.after.self - c.before.self); };
  auto size = [](const FunctionChange& c) { return std::max(c.after.total, c.before.total); };
  std::ranges::sort(changes, [&](const FunctionChange& a, const FunctionChange& b) {
    if (change(a) != change(b)) return change(a) > change(b);
    return size(a) != size(b) ? size(a) > size(b) : a.function.name < b.function.name;
  });
  return changes;
}

}  // namespace weir::profile
