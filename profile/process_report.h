// Which processes a collector of profiles takes, and how well. Offered as a typed service, read by the page.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::profile {

// Counts of samples, since the collector started.
struct CollectedProcess {
  std::uint32_t pid = 0;
  std::string comm;
  std::string container_id;
  std::string service;  // whose profiles it is part of; empty: no target takes it any more
  std::uint64_t samples = 0;
  std::uint64_t complete_samples = 0;  // of these, reached the thread's start
  // Frames of user code in the last profile that it is part of, each as often as it was sampled.
  std::uint64_t frames = 0;
  std::uint64_t named_frames = 0;  // of these, with a name
  std::string unnamed;             // in which file most others are, and why they have none
  bool exited = false;
  bool exited_unread = false;  // it had ended before its mappings could be read
  std::string error;           // why its mappings are not known
};

class ProcessReport {
 public:
  virtual ~ProcessReport() = default;
  // Any thread. Those sampled of late, by the last window that ended.
  virtual const std::vector<CollectedProcess>& processes() const = 0;
  // Of the target that takes the process or its container; nullopt: none does.
  virtual std::optional<std::string> service_of(std::uint32_t pid, std::string_view container) const = 0;
  // As the machine says now; "" outside all containers.
  virtual std::string container_of(std::uint32_t pid) const = 0;
};

}  // namespace weir::profile
