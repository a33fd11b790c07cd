// PathPattern: paths with *, ?, [a-z], {one,two} and **, which stands for any
// number of folders; and the files of this machine that fit one.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir::local {

struct FoundPaths {
  std::vector<std::filesystem::path> files;  // sorted, each once; no folders
  std::size_t entries = 0;                   // of folders that were looked at
  // Folders, and files whose folder may not be looked into: what is there is not known. Sorted, each once.
  std::vector<std::filesystem::path> unreadable;
  std::string example;  // why one of these could not be read
  bool cut = false;     // the limit was reached
};

class PathPattern {
 public:
  // Fails on a pattern that could never fit anything, or that stands for too many.
  static Result<PathPattern> parse(std::string_view text);

  bool matches(std::string_view path) const;
  // Looks at no more than `most_entries` entries of folders. ** enters no folder through a link: links lead
  // in circles.
  FoundPaths find(std::size_t most_entries) const;

 private:
  using Parts = std::vector<std::string>;  // between the slashes; "" first: from the root

  std::vector<Parts> alternatives_;
};

}  // namespace weir::local
