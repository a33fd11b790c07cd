#include "base/file_watch.h"

#include <sys/inotify.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace weir {
namespace {

namespace fs = std::filesystem;

// As the kernel's own limit on links in a path.
constexpr int kMaxLinks = 40;

// Not IN_MODIFY: a file that is being written is half a file. IN_CREATE is for links.
constexpr unsigned kEvents = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_MOVED_FROM | IN_DELETE |
                             IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

bool is_link(const fs::path& path) {
  std::error_code error;
  return fs::is_symlink(path, error);
}

// A regular file that was just created has nothing in it yet; what writes it will close it.
bool is_complete_when_created(const fs::path& path) {
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0) return false;
  return !S_ISREG(info.st_mode) || info.st_nlink > 1;
}

}  // namespace

FileWatch::FileWatch(fs::path path, Fd inotify) : path_(std::move(path)), inotify_(std::move(inotify)) {}

Result<FileWatch> FileWatch::open(fs::path path) {
  Fd inotify(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify) return fail_errno(errno, "watch {}", path.string());
  std::error_code error;
  fs::path absolute = fs::absolute(path, error);
  if (error) return fail("watch {}: {}", path.string(), errno_text(error.value()));
  FileWatch watch(std::move(absolute), std::move(inotify));
  watch.watch_way(watch.path_, kMaxLinks);
  return watch;
}

// Watches, for every link on the way and for the last name, the folder it stands in.
void FileWatch::watch_way(fs::path path, int links_left) {
  fs::path way;
  for (auto part = path.begin(); part != path.end(); ++part) {
    fs::path folder = way;
    way /= *part;
    bool is_last = std::next(part) == path.end();
    std::error_code error;
    bool is_missing = !fs::exists(fs::symlink_status(way, error));
    if (is_link(way) && links_left > 0) {
      watch_folder(folder, part->string());
      fs::path target = fs::read_symlink(way, error);
      if (error) return;
      fs::path rest = target.is_absolute() ? target : folder / target;
      for (auto after = std::next(part); after != path.end(); ++after) rest /= *after;
      return watch_way(rest.lexically_normal(), links_left - 1);
    }
    if (is_last || is_missing) watch_folder(folder, part->string());
    if (is_missing) return;
  }
  std::error_code error;
  if (fs::is_directory(path, error)) watch_folder(path, "");
}

void FileWatch::watch_folder(const fs::path& folder, const std::string& name) {
  int wd = ::inotify_add_watch(inotify_.get(), folder.c_str(), kEvents);
  if (wd < 0) return;
  Folder& watched = folders_[wd];
  bool is_known = !watched.path.empty();
  watched.path = folder;
  // The config folder itself, where every name matters, stays so.
  if (is_known && watched.names.empty()) return;
  if (name.empty()) {
    watched.names.clear();
  } else {
    watched.names.insert(name);
  }
}

FileWatch::Change FileWatch::change_of(const fs::path& folder, std::string_view name, unsigned mask) const {
  if (mask & (IN_CLOSE_WRITE | IN_MOVED_TO)) return Change::written;
  if (mask & IN_CREATE) return is_complete_when_created(folder / name) ? Change::written : Change::none;
  return Change::removed;
}

FileWatch::Change FileWatch::drain() {
  Change change = Change::none;
  bool is_way_new = false;
  alignas(inotify_event) std::array<char, 16384> buffer;
  for (;;) {
    ssize_t n = ::read(inotify_.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    for (ssize_t at = 0; at < n;) {
      inotify_event event;
      std::memcpy(&event, buffer.data() + at, sizeof event);
      const char* raw_name = buffer.data() + at + sizeof event;
      std::string_view name(raw_name, event.len > 0 ? ::strnlen(raw_name, event.len) : 0);
      at += static_cast<ssize_t>(sizeof event + event.len);
      if (event.mask & IN_Q_OVERFLOW) change = Change::written;
      auto folder = folders_.find(event.wd);
      if (folder == folders_.end()) continue;
      const Names& names = folder->second.names;
      if (!name.empty() && !names.empty() && !names.contains(name)) continue;
      change = std::max(change, change_of(folder->second.path, name, event.mask));
      is_way_new = true;
      if (event.mask & IN_IGNORED) folders_.erase(folder);
    }
  }
  // A link may lead elsewhere now, a folder may be another one. Watches of before stay: they are few.
  if (is_way_new) watch_way(path_, kMaxLinks);
  return change;
}

}  // namespace weir
