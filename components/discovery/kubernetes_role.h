// A role of discovery.kubernetes: which objects to watch, and the targets that they make.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "components/discovery/kubernetes_store.h"
#include "components/discovery/target.h"
#include "components/discovery/target_count.h"
#include "lang/source.h"

namespace weir::discovery {

// A kind of objects as the API serves it.
struct KubernetesResource {
  std::string_view name;   // "pods"
  std::string_view group;  // "discovery.k8s.io"; "" for the core
  bool is_namespaced = true;
};

class KubernetesRole {
 public:
  struct Options {
    std::string_view role;
    lang::Dialect dialect = lang::Dialect::river;
    bool attach_node = false, attach_namespace = false;
    bool selects_nodes = false;  // a selector says which
    // The largest clusters have 300,000 containers; what makes more, or more of one object, is made for that.
    TargetLimit most{.targets = 300'000, .label_bytes = 512u << 20};
    TargetLimit most_of_object{.targets = 10'000, .label_bytes = 64u << 20};
  };
  // What must be watched, and where it goes.
  struct Feed {
    KubernetesResource resource;
    std::string_view selector;  // the role whose selectors apply; "" for none
    bool metadata_only = false;
    KubernetesSink* sink = nullptr;
  };

  // `role` is one of the six.
  static std::unique_ptr<KubernetesRole> make(const Options& options);
  virtual ~KubernetesRole() = default;

  const std::vector<Feed>& feeds() const { return feeds_; }
  // Objects of others make no labels: targets may be made before everything is known.
  virtual bool stands_alone() const = 0;
  // Makes the targets of what has changed; whether any differ from before.
  virtual bool update() = 0;
  virtual std::size_t objects() const = 0;
  // Of these, such as make no target.
  virtual std::size_t without_target() const = 0;
  // In the order of the objects' names.
  virtual std::vector<TargetPtr> targets() const = 0;
  virtual KubernetesLeftOut left_out() const = 0;

 protected:
  std::vector<Feed> feeds_;
};

// Why an object of the role may make no target.
std::string_view why_no_target(std::string_view role);
// "3 targets of 1 object left out, such as of shop/p1: weir makes at most …"
std::string text_of(const KubernetesLeftOut& left_out);

}  // namespace weir::discovery
