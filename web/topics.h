// Topics: what the page shows, by what it has to ask for anew when that has changed. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/log.h"
#include "web/overview.h"

namespace weir::web {

// How often each has changed. Only of use beside those of the same run of weir.
using TopicRevisions = std::array<std::uint64_t, 6>;

class Topics {
 public:
  // "components": which there are, and their health. "component": anything of one, its log included. "graph":
  // that and what flows. "config": loads. "profiles": what the stores have. "targets": what is profiled.
  static constexpr std::array<std::string_view, 6> kNames{"components", "component", "graph",
                                                          "config",     "profiles",  "targets"};

  Topics(const runtime::Controller& controller, const LogHub* log) : controller_(controller), log_(log) {}

  // `overview`: that has just looked. Nothing here takes longer where there are more components or profiles.
  TopicRevisions now(const Overview& overview);

 private:
  // Of a sum whose parts come and go: how often it was another.
  struct Watched {
    std::uint64_t sum = 0, changes = 0;
    std::uint64_t changes_with(std::uint64_t now);
  };

  const runtime::Controller& controller_;
  const LogHub* log_;  // null: none
  Watched handed_over_, kept_;
};

// "RUN-1-2-3-4-5-6"; of the run that began then.
std::string to_text(std::int64_t run, const TopicRevisions& revisions);
// nullopt: it is no such text, or of another run.
std::optional<TopicRevisions> revisions_in(std::string_view text, std::int64_t run);

}  // namespace weir::web
