// Pods of the Kubernetes API as targets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "components/discovery/target.h"

namespace weir::discovery {

struct Pod {
  std::string key;  // namespace/name
  std::string resource_version;
  std::vector<TargetPtr> targets;  // none before it has an address
};

struct PodPage {
  std::vector<Pod> pods;
  std::string resource_version;
  std::string next;  // token of the next page; "" at the end
};

struct PodEvent {
  enum class Kind { changed, gone, bookmark, error } kind = Kind::bookmark;
  Pod pod;
  std::int64_t code = 0;  // of an error
  std::string message;
};

// The answer to a list request.
Result<PodPage> read_pod_list(std::string_view text);
// One line of a watch.
Result<PodEvent> read_pod_event(std::string_view line);
// The message in a Status object, or the text itself, cut.
std::string status_message(std::string_view text);

}  // namespace weir::discovery
