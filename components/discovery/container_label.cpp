#include "components/discovery/container_label.h"

namespace weir::discovery {
namespace {

// "containerd://<id>", as Kubernetes writes it. Of a runtime we do not know
// the id means nothing to us.
std::string_view without_scheme(std::string_view id) {
  for (std::string_view scheme : {"docker://", "containerd://", "cri-o://"}) {
    if (id.starts_with(scheme)) return id.substr(scheme.size());
  }
  return {};
}

}  // namespace

std::string_view container_id_of(const Target& target) {
  if (auto id = target.get(kContainerIdLabel); !id.empty()) return id;
  if (auto id = target.get("__meta_kubernetes_pod_container_id"); !id.empty()) return without_scheme(id);
  if (auto id = target.get("__meta_docker_container_id"); !id.empty()) return id;
  return target.get("__meta_dockerswarm_task_container_id");
}

}  // namespace weir::discovery
