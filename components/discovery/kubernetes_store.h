// Objects of the Kubernetes API, reduced to what makes labels, as several
// watches tell of them. Remembers what has changed until somebody asks.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "components/discovery/target.h"

namespace weir::discovery {

// Where a watch puts what it finds; `watch` is its number among those of one store.
class KubernetesSink {
 public:
  virtual ~KubernetesSink() = default;
  virtual void put(std::uint32_t watch, const boost::json::object& object) = 0;
  virtual void remove(const boost::json::object& object) = 0;
  // What a full list has not named is gone.
  virtual void begin_list(std::uint32_t watch) = 0;
  virtual void end_list(std::uint32_t watch) = 0;
};

// `Object::read(json)` makes one; equal ones make equal labels.
template <class Object>
class KubernetesStore final : public KubernetesSink {
 public:
  struct Entry {
    Object object;
    std::vector<TargetPtr> targets;  // of the objects that a role makes targets of
    std::uint32_t watch = 0, round = 0;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;
  using Keys = std::set<std::string, std::less<>>;

  const Object* find(std::string_view key) const {
    auto it = entries_.find(key);
    return it == entries_.end() ? nullptr : &it->second.object;
  }
  Entries& entries() { return entries_; }
  const Entries& entries() const { return entries_; }
  // What has come, changed or gone since forget_changes().
  const Keys& changed() const { return changed_; }
  bool has_changed(std::string_view key) const { return changed_.find(key) != changed_.end(); }
  bool has_lost_targets() const { return has_lost_targets_; }
  void forget_changes() {
    changed_.clear();
    has_lost_targets_ = false;
  }

  void put(std::uint32_t watch, const boost::json::object& object) override {
    std::string key = Object::key(object);
    Object reduced = Object::read(object);
    auto [it, is_new] = entries_.try_emplace(key);
    it->second.watch = watch;
    it->second.round = round_of(watch);
    if (!is_new && it->second.object == reduced) return;
    it->second.object = std::move(reduced);
    changed_.insert(std::move(key));
  }
  void remove(const boost::json::object& object) override {
    auto it = entries_.find(Object::key(object));
    if (it != entries_.end()) erase(it);
  }
  void begin_list(std::uint32_t watch) override { ++round_of(watch); }
  void end_list(std::uint32_t watch) override {
    for (auto it = entries_.begin(); it != entries_.end();) {
      bool is_gone = it->second.watch == watch && it->second.round != round_of(watch);
      it = is_gone ? erase(it) : std::next(it);
    }
  }

 private:
  Entries::iterator erase(Entries::iterator it) {
    has_lost_targets_ = has_lost_targets_ || !it->second.targets.empty();
    changed_.insert(it->first);
    return entries_.erase(it);
  }
  std::uint32_t& round_of(std::uint32_t watch) {
    if (rounds_.size() <= watch) rounds_.resize(watch + 1);
    return rounds_[watch];
  }

  Entries entries_;
  Keys changed_;
  bool has_lost_targets_ = false;
  std::vector<std::uint32_t> rounds_;
};

}  // namespace weir::discovery
