// Snapshot: what the page, /metrics and the API see of the running graph.
// Published by the controller, read by anyone, never waits for a component.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <typeindex>
#include <vector>

#include "base/clock.h"
#include "base/duration.h"
#include "lang/diagnostic.h"
#include "lang/field.h"
#include "runtime/component.h"
#include "runtime/health.h"
#include "runtime/revisions.h"
#include "runtime/view.h"

namespace weir::runtime {

// The part of a node that changes while it runs. Immutable; replaced as a whole.
struct NodeState {
  Health health;             // the least of the three below
  Health evaluation_health;  // of its arguments
  Health run_health;         // of its task (started, slow, exited)
  Health reported_health;    // what the component says of itself
  ArgumentsPtr arguments;    // null while waiting
  lang::Value exports;       // an object; null before the first
  std::shared_ptr<const lang::BodyValue> debug_info;
  std::vector<std::pair<std::type_index, std::shared_ptr<const void>>> services;
  std::vector<std::shared_ptr<const View>> views;
  std::uint64_t evaluations = 0;
};

// A component in the graph. Everything but state() and place() is fixed for one config.
class Node {
 public:
  std::string id;         // global
  std::string module_id;  // path of the module; "" is the root
  std::string local_id;   // "discovery.docker.linux"
  std::string label;
  std::string name;  // of its block: "discovery.docker", or that of a declare
  const ComponentType* type = nullptr;
  std::vector<std::string> created_modules;  // paths
  std::vector<std::string> references_to;    // global ids
  std::vector<std::string> referenced_by;

  struct Place {
    lang::SourcePtr source;
    lang::Span span;  // of its block
  };
  // Another when text in front of it is edited.
  Place place() const {
    std::lock_guard lock(mutex_);
    return place_;
  }
  void set_place(Place place) {
    std::lock_guard lock(mutex_);
    place_.source.swap(place.source);
    place_.span = place.span;
  }
  std::shared_ptr<const NodeState> state() const {
    std::lock_guard lock(mutex_);
    return state_;
  }
  void set_state(std::shared_ptr<const NodeState> state) {
    std::lock_guard lock(mutex_);
    state_ = std::move(state);
  }
  // What is set and what is at its default; empty while waiting.
  lang::BodyValue arguments() const;

 private:
  mutable std::mutex mutex_;  // held for one pointer copy
  Place place_;
  std::shared_ptr<const NodeState> state_ = std::make_shared<NodeState>();
};

struct LoadResult {
  bool ok = false;
  WallTime time;
  Duration took{};
  std::string cause;              // "start", "file changed", "SIGHUP", "POST /-/reload"
  lang::Diagnostics diagnostics;  // errors when refused; warnings too
  std::size_t added = 0, removed = 0, changed = 0, unchanged = 0;  // components, when ok
};

struct Snapshot {
  std::vector<std::shared_ptr<const Node>> nodes;  // in order of the config text
  std::vector<lang::SourcePtr> sources;            // of the running config
  std::vector<lang::SourcePtr> module_sources;     // what its imports and modules have brought
  std::string config_path;
  WallTime running_since;                      // when the running config was applied
  LoadResult last_load;                        // also a refused one
  bool ready = false;                          // the first load succeeded
  std::shared_ptr<const Revisions> revisions;  // of all snapshots of this graph; null: they are not counted

  const Node* find(std::string_view id) const;
  std::vector<lang::SourcePtr> all_sources() const {
    auto all = sources;
    all.insert(all.end(), module_sources.begin(), module_sources.end());
    return all;
  }
  // All services of a type, with the node that offers them.
  template <class Service>
  std::vector<std::pair<const Node*, std::shared_ptr<const Service>>> services() const {
    std::vector<std::pair<const Node*, std::shared_ptr<const Service>>> found;
    for (const auto& node : nodes) {
      for (const auto& [type, service] : node->state()->services) {
        if (type == typeid(Service)) {
          found.emplace_back(node.get(), std::static_pointer_cast<const Service>(service));
        }
      }
    }
    return found;
  }
};

}  // namespace weir::runtime
