#include "profiler/process/file_access.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <optional>
#include <vector>

namespace weir::profiler {

namespace {

struct PathInRoot {
  std::uint32_t pid = 0;
  std::string_view path;
};

// "/proc/PID/root/usr/bin/x" is /usr/bin/x of PID.
std::optional<PathInRoot> split_root(std::string_view path) {
  constexpr std::string_view kProc = "/proc/";
  constexpr std::string_view kRoot = "/root/";
  if (!path.starts_with(kProc)) return std::nullopt;
  std::string_view rest = path.substr(kProc.size());
  PathInRoot split;
  auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), split.pid);
  if (error != std::errc{} || split.pid == 0) return std::nullopt;
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  if (!rest.starts_with(kRoot)) return std::nullopt;
  split.path = rest.substr(kRoot.size() - 1);
  return split;
}

// Files there are regular by their mode, but reading one may wait for ever, or take what it gives from
// others (kmsg, trace_pipe). No program is mapped from them.
bool is_kernel_file_system(int fd) {
  constexpr std::array<unsigned long, 9> kKinds = {PROC_SUPER_MAGIC,    SYSFS_MAGIC,      DEBUGFS_MAGIC,
                                                   TRACEFS_MAGIC,       SECURITYFS_MAGIC, CGROUP_SUPER_MAGIC,
                                                   CGROUP2_SUPER_MAGIC, BPF_FS_MAGIC,     PSTOREFS_MAGIC};
  struct statfs system{};
  if (::fstatfs(fd, &system) != 0) return false;
  return std::ranges::find(kKinds, static_cast<unsigned long>(system.f_type)) != kKinds.end();
}

// `place` is an O_PATH descriptor: nothing has been opened yet.
Result<Fd> open_place(const Fd& place, std::string_view path) {
  struct stat status{};
  if (::fstat(place.get(), &status) != 0) return fail_errno(errno, "stat {}", path);
  if (!S_ISREG(status.st_mode)) return fail("open {}: not a regular file", path);
  if (is_kernel_file_system(place.get())) return fail("open {}: a file of the kernel's own", path);
  std::string again = "/proc/self/fd/" + std::to_string(place.get());
  // O_NONBLOCK: a lease of another process on the file must not hold us.
  Fd fd(::open(again.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "open {}", path);
  return fd;
}

Result<Fd> place_in_root(int root, std::string_view path) {
  std::string text(path);
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  Fd place(static_cast<int>(::syscall(SYS_openat2, root, text.c_str(), &how, sizeof how)));
  if (place) return place;
  // Sandboxes that do not know the call answer EPERM.
  if (errno == ENOSYS || errno == EPERM) return walk_in_root(root, path);
  return fail_errno(errno, "open {}", path);
}

// Adds the components of `path` to the end of `todo`, the first one last.
void push_components(std::vector<std::string>& todo, std::string_view path) {
  std::size_t before = todo.size();
  while (!path.empty()) {
    auto slash = path.find('/');
    std::string_view name = path.substr(0, slash);
    if (!name.empty() && name != ".") todo.emplace_back(name);
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  std::reverse(todo.begin() + static_cast<std::ptrdiff_t>(before), todo.end());
}

Result<std::string> read_link(int fd, std::string_view name) {
  std::array<char, PATH_MAX> target;
  ssize_t size = ::readlinkat(fd, "", target.data(), target.size());
  if (size < 0) return fail_errno(errno, "read the link {}", name);
  return std::string(target.data(), static_cast<std::size_t>(size));
}

}  // namespace

Result<Fd> walk_in_root(int root, std::string_view path) {
  constexpr int kMostLinks = 40;  // as the kernel
  constexpr std::size_t kMostDepth = 512;
  if (path.size() >= PATH_MAX) return fail("open: the path is too long");
  std::vector<std::string> todo;
  push_components(todo, path);
  std::vector<Fd> way;  // from below the root to where we are
  int links = 0;
  while (!todo.empty()) {
    std::string name = std::move(todo.back());
    todo.pop_back();
    if (name == "..") {
      if (!way.empty()) way.pop_back();
      continue;
    }
    int at = way.empty() ? root : way.back().get();
    Fd next(::openat(at, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!next) return fail_errno(errno, "open {}", path);
    struct stat status{};
    if (::fstat(next.get(), &status) != 0) return fail_errno(errno, "stat {}", path);
    if (!S_ISLNK(status.st_mode)) {
      if (way.size() >= kMostDepth) return fail("open {}: the path is too deep", path);
      way.push_back(std::move(next));
      continue;
    }
    if (++links > kMostLinks) return fail("open {}: too many links", path);
    auto target = read_link(next.get(), name);
    if (!target) return fail(target.error());
    if (target->starts_with('/')) way.clear();
    push_components(todo, *target);
  }
  if (way.empty()) return fail("open {}: the root itself", path);
  return std::move(way.back());
}

Result<Fd> open_in_root(std::uint32_t pid, std::string_view path) {
  if (!path.starts_with('/')) return fail("open {}: not an absolute path", path);
  if (path.find('\0') != std::string_view::npos) return fail("open: the path holds a zero byte");
  if (pid == 0) {
    Fd place(::open(std::string(path).c_str(), O_PATH | O_CLOEXEC));
    if (!place) return fail_errno(errno, "open {}", path);
    return open_place(place, path);
  }
  std::string root_path = "/proc/" + std::to_string(pid) + "/root";
  Fd root(::open(root_path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return fail_errno(errno, "open {}", root_path);
  auto place = place_in_root(root.get(), path);
  if (!place) return place;
  return open_place(*place, path);
}

Result<Fd> open_program(std::uint32_t pid) {
  std::string path = "/proc/" + std::to_string(pid) + "/exe";
  Fd place(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!place) return fail_errno(errno, "open {}", path);
  return open_place(place, path);
}

Result<Fd> open_regular_file(const std::string& path) {
  if (auto split = split_root(path)) return open_in_root(split->pid, split->path);
  return open_in_root(0, path);
}

}  // namespace weir::profiler
