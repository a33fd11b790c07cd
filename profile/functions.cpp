#include "profile/functions.h"

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

std::vector<FunctionTotals> FunctionTable::take_totals() {
  std::vector<FunctionTotals> taken(totals_.size());
  taken.swap(totals_);
  total_ = 0;
  return taken;
}

}  // namespace weir::profile
