// Merger: many profiles of one type into one.
#pragma once

#include <memory>

#include "profile/profile.h"

namespace weir::store {

class Merger {
 public:
  Merger();
  ~Merger();

  // Of another sample type or unit than the first: left out.
  void add(const profile::Profile& profile);
  // Values and counts summed, the time from the first start to the last end, the labels all had
  // alike. Empty when nothing was added.
  profile::Profile take();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::store
