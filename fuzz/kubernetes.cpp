// What a Kubernetes API server answers. The first byte says which role reads it, and how.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "components/discovery/kubernetes_event.h"
#include "components/discovery/kubernetes_list.h"
#include "components/discovery/kubernetes_role.h"

namespace {

using weir::discovery::KubernetesEvent;
using weir::discovery::KubernetesListReader;
using weir::discovery::KubernetesRole;

constexpr std::array<std::string_view, 6> kRoles = {"pod",       "node",          "service",
                                                    "endpoints", "endpointslice", "ingress"};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  (void)weir::discovery::status_message(text);
  bool is_newer = (data[0] & 0x80) != 0;
  auto role =
      KubernetesRole::make({.role = kRoles[data[0] % kRoles.size()],
                            .dialect = is_newer ? weir::lang::Dialect::alloy : weir::lang::Dialect::river,
                            .attach_node = true,
                            .attach_namespace = true});
  // Objects of any kind may be taken for those of any other.
  for (const auto& feed : role->feeds()) {
    feed.sink->begin_list(0);
    KubernetesListReader reader([&](const auto& object) { feed.sink->put(0, object); });
    std::size_t piece = std::max<std::size_t>(1, text.size() / 2);
    bool is_whole =
        reader.read(text.substr(0, piece)) && reader.read(text.substr(std::min(piece, text.size())));
    if (is_whole && reader.finish()) feed.sink->end_list(0);
    (void)weir::discovery::read_kubernetes_event(text, [&](auto kind, const auto& object) {
      if (kind == KubernetesEvent::Kind::gone) {
        feed.sink->remove(object);
      } else {
        feed.sink->put(0, object);
      }
    });
  }
  (void)role->update();
  (void)role->targets();
  return 0;
}
