// TargetCount: how much one discovery may make. A small text can stand for very
// many targets, and each of them carries every label again.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "components/discovery/target.h"

namespace weir::discovery {

struct TargetLimit {
  std::size_t targets = 100'000;
  std::size_t label_bytes = 256u << 20;
};

class TargetCount {
 public:
  explicit TargetCount(const TargetLimit& limit = {}) : limit_(limit) {}

  // False when that would be too much: it is not counted then.
  bool add(std::size_t targets, std::size_t label_bytes) {
    if (targets > limit_.targets - targets_ || label_bytes > limit_.label_bytes - label_bytes_) return false;
    targets_ += targets;
    label_bytes_ += label_bytes;
    return true;
  }
  // What was added before.
  void remove(std::size_t targets, std::size_t label_bytes) {
    targets_ -= targets;
    label_bytes_ -= label_bytes;
  }
  std::size_t targets() const { return targets_; }
  std::size_t label_bytes() const { return label_bytes_; }
  // "more than 100000 targets, or more than 256 MiB of labels"
  std::string too_much() const;

 private:
  TargetLimit limit_;
  std::size_t targets_ = 0, label_bytes_ = 0;
};

// Of names and values.
std::size_t label_bytes_of(const Target::Label& label);
std::size_t label_bytes_of(const std::vector<Target::Label>& labels);
std::size_t label_bytes_of(const Target& target);

}  // namespace weir::discovery
