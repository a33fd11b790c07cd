// Reading the files of discovery.file: patterns of paths to targets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "components/discovery/target.h"

namespace weir::discovery {

struct TargetFile {
  std::vector<TargetPtr> targets;  // of the last content that could be read
  std::size_t label_bytes = 0;     // of these
  std::string error;               // why the content now there cannot be
  std::uint64_t text_hash = 0;     // of the last content, good or bad
};

struct TargetFiles {
  std::map<std::string, TargetFile> by_path;
  std::vector<std::string> errors;  // of patterns: what is not there, what cannot be read or is too much
  std::size_t kept = 0;             // files that may be there still: their folder cannot be read
};

// What stands in the files now. Of one that cannot be read the content of `before` stays, of one that is the
// same as before too, and of one whose folder cannot be read. One that is gone is gone.
TargetFiles read_target_files(const std::vector<std::string>& patterns, const TargetFiles& before);

// Whether it is a path that discovery.file can take; the reason otherwise.
Result<> check_file_pattern(std::string_view pattern);
// What has to be watched for it: the file, or the folder of a pattern with wildcards.
std::string watched_path(const std::string& pattern);

}  // namespace weir::discovery
