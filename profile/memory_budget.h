// MemoryBudget: what foreign bytes may take in memory once they are unpacked and decoded. A few bytes can
// stand for many, so whoever decodes takes from the budget before it allocates.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <utility>

namespace weir::profile {

// For a limit on what is to be decoded: eight times as much, as little as that may be.
inline std::size_t memory_for(std::size_t limit) {
  constexpr std::size_t kFactor = 8, kLeast = 1u << 20;
  return std::max(limit * kFactor, kLeast);
}

// What several budgets take together. Any thread; outlives them.
class SharedMemory {
 public:
  explicit SharedMemory(std::size_t most) : most_(most) {}

  bool take(std::size_t bytes) {
    if (held_.fetch_add(bytes) + bytes <= most_) return true;
    held_ -= bytes;
    return false;
  }
  void give_back(std::size_t bytes) { held_ -= bytes; }
  std::size_t held() const { return held_; }

 private:
  std::size_t most_;
  std::atomic<std::size_t> held_ = 0;
};

class MemoryBudget {
 public:
  explicit MemoryBudget(std::size_t bytes, SharedMemory* shared = nullptr) : left_(bytes), shared_(shared) {}
  ~MemoryBudget() {
    if (shared_) shared_->give_back(held_);
  }
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  // False when there is not so much left; then and from then on nothing is.
  bool take(std::size_t bytes) {
    if (is_over_) return false;
    bool is_within = bytes <= left_;
    if (!is_within || !hold(bytes)) {
      is_over_ = true;
      is_busy_ = is_within;
      return false;
    }
    left_ -= bytes;
    spare_ -= shared_ ? bytes : 0;
    return true;
  }
  // Of what was taken, for what was needed for a while only.
  void give_back(std::size_t bytes) {
    left_ += bytes;
    spare_ += shared_ ? bytes : 0;
  }
  // What is not taken of what is shared is there for others again.
  void settle() {
    if (shared_) shared_->give_back(spare_);
    held_ -= std::exchange(spare_, 0);
  }
  std::size_t left() const { return is_over_ ? 0 : left_; }
  bool is_over() const { return is_over_; }
  // It was the others that left too little.
  bool is_busy() const { return is_busy_; }

 private:
  static constexpr std::size_t kPiece = 256u << 10;  // taken from what is shared at a time

  bool hold(std::size_t bytes) {
    if (!shared_ || bytes <= spare_) return true;
    std::size_t missing = std::max(bytes - spare_, std::min(kPiece, left_ - spare_));
    if (!shared_->take(missing)) return false;
    held_ += missing;
    spare_ += missing;
    return true;
  }

  std::size_t left_;
  SharedMemory* shared_;
  std::size_t held_ = 0, spare_ = 0;  // of what is shared
  bool is_over_ = false, is_busy_ = false;
};

}  // namespace weir::profile
