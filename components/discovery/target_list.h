// TargetList: what discoveries find and everything after them takes. It passes
// through the whole graph as one pointer, and in the language it is an array
// like any other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "components/discovery/target.h"
#include "lang/codec.h"
#include "lang/field.h"
#include "lang/value.h"
#include "runtime/text_search.h"

namespace weir::discovery {

// Each of many that are shared or let go in a row is counted in its own memory, which had better be on its
// way.
template <class T>
void will_count(const std::shared_ptr<T>& shared) {
  constexpr std::ptrdiff_t kCounters = 24;  // about so far before the object
  __builtin_prefetch(reinterpret_cast<const char*>(shared.get()) - kCounters, 1);
}

inline constexpr std::size_t kAhead = 12;  // so far, in such a row

// Some neighbours of a list. A list that differs from another in a few targets shares the other pieces with
// it: who makes it, reads it or lets it go has only to count those, not each target in its own memory.
class TargetChunk {
 public:
  // Of so many a list is made where nothing is shared; none has more than twice as many, and none is empty.
  static constexpr std::size_t kUsual = 16;

  explicit TargetChunk(std::vector<TargetPtr> targets) : targets_(std::move(targets)) {}
  ~TargetChunk();
  TargetChunk(const TargetChunk&) = delete;
  TargetChunk& operator=(const TargetChunk&) = delete;

  const std::vector<TargetPtr>& targets() const { return targets_; }
  std::size_t size() const { return targets_.size(); }

 private:
  std::vector<TargetPtr> targets_;
};
using TargetChunkPtr = std::shared_ptr<const TargetChunk>;

class TargetList final : public lang::List, public runtime::TextSearch {
 public:
  class Iterator;

  static std::shared_ptr<const TargetList> make(std::vector<TargetPtr> targets);
  // Shares with `before` the chunks they have in common, in the same order.
  static std::shared_ptr<const TargetList> make(std::vector<TargetPtr> targets, const TargetList& before);
  // None is null.
  static std::shared_ptr<const TargetList> make(std::vector<TargetChunkPtr> chunks);

  const std::vector<TargetChunkPtr>& chunks() const { return chunks_; }
  // The index of its first target; of what is behind the last chunk: size().
  std::size_t start_of(std::size_t chunk) const { return starts_[chunk]; }
  // The chunk that holds the target.
  std::size_t chunk_of(std::size_t index) const;
  Iterator begin() const;
  Iterator end() const;
  const TargetPtr& operator[](std::size_t index) const;

  ~TargetList() override;
  TargetList(const TargetList&) = delete;
  TargetList& operator=(const TargetList&) = delete;

  std::size_t size() const override { return starts_.back(); }
  lang::Value at(std::size_t index) const override;
  std::optional<bool> equals(const lang::List& other) const override;
  void search(std::string_view text, const std::function<void(std::size_t)>& found) const override;

 private:
  explicit TargetList(std::vector<TargetChunkPtr> chunks);

  std::vector<TargetChunkPtr> chunks_;
  std::vector<std::uint32_t> starts_;  // of each chunk, and the end
};

class TargetList::Iterator {
 public:
  using value_type = TargetPtr;
  using difference_type = std::ptrdiff_t;

  Iterator() = default;
  explicit Iterator(const TargetChunkPtr* chunk) : chunk_(chunk) {}

  const TargetPtr& operator*() const { return (*chunk_)->targets()[within_]; }
  const TargetPtr* operator->() const { return &**this; }
  Iterator& operator++() {
    if (++within_ == (*chunk_)->size()) {
      ++chunk_;
      within_ = 0;
    }
    return *this;
  }
  Iterator operator++(int) {
    Iterator was = *this;
    ++*this;
    return was;
  }
  bool operator==(const Iterator&) const = default;

 private:
  const TargetChunkPtr* chunk_ = nullptr;
  std::size_t within_ = 0;
};

inline TargetList::Iterator TargetList::begin() const {
  return Iterator(chunks_.data());
}
inline TargetList::Iterator TargetList::end() const {
  return Iterator(chunks_.data() + chunks_.size());
}

// What arguments and exports hold; never null. Equal when identical or equal in content.
struct Targets {
  std::shared_ptr<const TargetList> list = TargetList::make(std::vector<TargetChunkPtr>());

  std::size_t size() const { return list->size(); }
  auto begin() const { return list->begin(); }
  auto end() const { return list->end(); }
  const TargetPtr& operator[](std::size_t index) const { return (*list)[index]; }
  bool operator==(const Targets& other) const;
};

}  // namespace weir::discovery

// An array of objects with string values becomes a target list; a target list stays what it is.
template <>
struct weir::lang::Codec<weir::discovery::Targets> {
  static std::string type() { return "list(map(string))"; }
  static Converted<weir::discovery::Targets> from_value(const Value& value);
  static Value to_value(const weir::discovery::Targets& targets);
};

namespace weir::discovery {

// The exports of every discovery component.
struct TargetExports {
  Targets targets;

  static constexpr auto fields() {
    return std::tuple{lang::required("targets", &TargetExports::targets, "Everything that was found.")};
  }
  bool operator==(const TargetExports&) const = default;
};

}  // namespace weir::discovery
