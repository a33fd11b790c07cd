// TargetMaker: the targets of one object. What they have in common is in memory
// once, and there is a limit to what one object can stand for.
#pragma once

#include <cstddef>
#include <vector>

#include "components/discovery/label_layout.h"
#include "components/discovery/target.h"
#include "components/discovery/target_count.h"

namespace weir::discovery {

struct MadeTargets {
  std::vector<TargetPtr> targets;
  // What they take in memory: values, common ones once, and names that no other target has.
  std::size_t label_bytes = 0;
  std::size_t left_out = 0;  // targets beyond the limit
};

class TargetMaker {
 public:
  using Labels = std::vector<Target::Label>;

  TargetMaker(LayoutTable& layouts, const TargetLimit& limit) : layouts_(layouts), count_(limit) {}

  // Of all targets; before the first.
  void set_common(Labels labels);
  // A target with these labels besides the common ones; of equal names its own stands, and among them the
  // last. Empty values are absent labels.
  void add(Labels own);
  // Whoever has many more to add may only count them, then.
  bool is_full() const { return is_full_; }
  void leave_out(std::size_t targets) { left_out_ += targets; }

  // `former`: a target that was made of the object before; where it has the same in common, it is shared.
  MadeTargets take(const TargetPtr& former);

 private:
  TargetPtr make(const TargetPtr& base, const Labels& own) const;

  LayoutTable& layouts_;
  TargetCount count_;
  Labels common_;
  std::vector<Labels> own_;
  bool is_full_ = false;
  std::size_t left_out_ = 0;
};

}  // namespace weir::discovery
