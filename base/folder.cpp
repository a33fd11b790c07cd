#include "base/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>

namespace weir {
namespace {

bool is_folder(DIR* directory, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
  struct stat info{};
  bool is_there = ::fstatat(::dirfd(directory), entry.d_name, &info, AT_SYMLINK_NOFOLLOW) == 0;
  return is_there && S_ISDIR(info.st_mode);
}

bool means_gone(int error) {
  return error == ENOENT || error == ENOTDIR;
}

}  // namespace

Result<Folder> list_folder(const std::filesystem::path& path, std::size_t most) {
  Folder folder;
  std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), &::closedir);
  if (!directory) {
    if (means_gone(errno)) return folder;
    return fail_errno(errno, "list {}", path.string());
  }
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(directory.get());
    if (!entry && errno != 0 && !means_gone(errno)) return fail_errno(errno, "list {}", path.string());
    if (!entry) break;
    std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (folder.entries.size() >= most) {
      folder.is_cut = true;
      break;
    }
    folder.entries.push_back({.name = std::string(name), .is_folder = is_folder(directory.get(), *entry)});
  }
  std::ranges::sort(folder.entries, {}, &FolderEntry::name);
  return folder;
}

}  // namespace weir
