// What a watch of the Kubernetes API tells, line by line.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::discovery {

struct KubernetesEvent {
  enum class Kind { changed, gone, bookmark, error } kind = Kind::bookmark;
  std::string resource_version;
  std::int64_t code = 0;  // of an error
  std::string message;
};

// One line of a watch. `each` sees the object of what changed or is gone.
Result<KubernetesEvent> read_kubernetes_event(
    std::string_view line,
    const std::function<void(KubernetesEvent::Kind, const boost::json::object&)>& each);
// The message in a Status object, or the text itself, cut.
std::string status_message(std::string_view text);

}  // namespace weir::discovery
