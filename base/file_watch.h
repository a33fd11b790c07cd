// FileWatch: tells when a file, or a file directly in a folder, may have
// changed: written in place, replaced by a rename, or reached through a
// symbolic link that now leads elsewhere (a mounted ConfigMap swaps `..data`).
// It watches the folders on the way, never the file, which may be replaced.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace weir {

class FileWatch {
 public:
  // In rising order of what they say.
  enum class Change {
    none,
    removed,  // something went away; what replaces it may be about to come
    written,
  };

  // The path need not exist yet.
  static Result<FileWatch> open(std::filesystem::path path);

  // Readable when drain() has something to say.
  int fd() const { return inotify_.get(); }
  // Takes everything that has happened since the last call. Never waits.
  Change drain();

 private:
  // Names in a folder that matter; all of them when the set is empty.
  using Names = std::set<std::string, std::less<>>;

  FileWatch(std::filesystem::path path, Fd inotify);
  void watch_way(std::filesystem::path path, int links_left);
  void watch_folder(const std::filesystem::path& folder, const std::string& name);
  Change change_of(const std::filesystem::path& folder, std::string_view name, unsigned mask) const;

  struct Folder {
    std::filesystem::path path;
    Names names;
  };

  std::filesystem::path path_;
  Fd inotify_;
  std::map<int, Folder> folders_;  // by watch descriptor
};

}  // namespace weir
