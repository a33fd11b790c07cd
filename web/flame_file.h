// A flame graph as one HTML file: the page's own graph, with its data inside.
// It asks nobody for anything, and opens from a disk or a mail.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/duration.h"
#include "profile/collection.h"
#include "profile/flame.h"

namespace weir::web {

// What the file says of its profile besides the graph.
struct FlameFacts {
  std::string title;  // what was profiled: "sleep 1"
  std::string unit = "nanoseconds";
  WallTime start;  // 1970: not known
  Duration duration{};
  std::vector<std::pair<std::string, std::string>> rows;  // name and value: "Machine", "db-3"
  std::vector<profile::Loss> losses;                      // only those above 0
  // Where the tree has a time before: what it is called.
  std::string before_title;
};

std::string flame_file(const profile::FlameTree& tree, const FlameFacts& facts);

}  // namespace weir::web
