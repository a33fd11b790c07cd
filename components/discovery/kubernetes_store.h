// Objects of the Kubernetes API, reduced to what makes labels, as several
// watches tell of them. Remembers what has changed until somebody asks.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "components/discovery/target.h"
#include "components/discovery/target_maker.h"

namespace weir::discovery {

// Where a watch puts what it finds; `watch` is its number among those of one store.
class KubernetesSink {
 public:
  virtual ~KubernetesSink() = default;
  virtual void put(std::uint32_t watch, const boost::json::object& object) = 0;
  virtual void remove(const boost::json::object& object) = 0;
  // What a full list has not named is gone, but for what is kept all the same, by its key.
  using Keep = std::function<bool(const std::string& key)>;
  virtual void begin_list(std::uint32_t watch) = 0;
  virtual void end_list(std::uint32_t watch, const Keep& keep = nullptr) = 0;
  // Of what was left out there is room for some, but it must be listed again.
  virtual bool wants_list() const = 0;
};

// Targets that are not made, because one object, or all together, would make too many.
struct KubernetesLeftOut {
  std::size_t targets = 0, objects = 0;
  std::string example;  // key of one of the objects
};

// `Object::read(json)` makes one; equal ones make equal labels.
template <class Object>
class KubernetesStore final : public KubernetesSink {
 public:
  struct Entry {
    Object object;
    MadeTargets made;         // of the objects that a role makes targets of
    bool is_crowded = false;  // they are left out, as all together would be too many
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

  // Of all targets together. `room_for`: the most that one object can make.
  void set_limit(const TargetLimit& limit, const TargetLimit& room_for) {
    count_ = TargetCount(limit);
    room_for_ = room_for;
  }
  void replace(Entry& entry, MadeTargets made) {
    uncount(entry);
    entry.is_crowded = !count_.add(made.targets.size(), made.label_bytes);
    if (entry.is_crowded) made = {.targets = {}, .left_out = made.left_out + made.targets.size()};
    entry.made = std::move(made);
    if (entry.is_crowded) ++crowded_;
    if (entry.made.left_out > 0) ++cut_;
    if (makes_any(entry)) ++with_target_;
  }
  // Objects that make none, and would not if there were room for more.
  std::size_t without_target() const { return entries_.size() - with_target_; }
  bool has_room_for_crowded() const {
    TargetCount count = count_;
    return crowded_ > 0 && count.add(room_for_.targets, room_for_.label_bytes);
  }
  bool wants_list() const override { return has_room_for_crowded(); }
  KubernetesLeftOut left_out() const {
    KubernetesLeftOut all;
    if (cut_ == 0) return all;
    for (const auto& [key, entry] : entries_) {
      if (entry.made.left_out == 0) continue;
      all.targets += entry.made.left_out;
      if (all.objects++ == 0) all.example = key;
    }
    return all;
  }
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
  void end_list(std::uint32_t watch, const Keep& keep = nullptr) override {
    for (auto it = entries_.begin(); it != entries_.end();) {
      bool is_missing = it->second.watch == watch && it->second.round != round_of(watch);
      bool is_gone = is_missing && !(keep && keep(it->first));
      it = is_gone ? erase(it) : std::next(it);
    }
  }

 private:
  Entries::iterator erase(Entries::iterator it) {
    has_lost_targets_ = has_lost_targets_ || !it->second.made.targets.empty();
    uncount(it->second);
    changed_.insert(it->first);
    return entries_.erase(it);
  }
  static bool makes_any(const Entry& entry) { return !entry.made.targets.empty() || entry.made.left_out > 0; }
  void uncount(const Entry& entry) {
    if (entry.is_crowded) --crowded_;
    if (entry.made.left_out > 0) --cut_;
    if (makes_any(entry)) --with_target_;
    count_.remove(entry.made.targets.size(), entry.made.label_bytes);
  }
  std::uint32_t& round_of(std::uint32_t watch) {
    if (rounds_.size() <= watch) rounds_.resize(watch + 1);
    return rounds_[watch];
  }

  Entries entries_;
  Keys changed_;
  bool has_lost_targets_ = false;
  TargetCount count_;
  TargetLimit room_for_;
  std::size_t crowded_ = 0, cut_ = 0, with_target_ = 0;  // objects
  std::vector<std::uint32_t> rounds_;
};

}  // namespace weir::discovery
