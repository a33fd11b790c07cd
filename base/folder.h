// What stands in a folder, read to its end or not at all: half a folder would
// look as if the rest had been removed.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace weir {

struct FolderEntry {
  std::string name;
  bool is_folder = false;  // itself, not what a link leads to
};

struct Folder {
  std::vector<FolderEntry> entries;  // by name, without . and ..
  bool is_cut = false;               // there are more than were asked for
};

// One that is not there, or is no folder, is empty.
Result<Folder> list_folder(const std::filesystem::path& path, std::size_t most);

}  // namespace weir
