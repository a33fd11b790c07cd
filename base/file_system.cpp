#include "base/file_system.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <random>

#include <fmt/core.h>

#include "base/fd.h"

namespace weir {

namespace {

constexpr std::size_t kPiece = 16u << 10;

Result<std::string> read_all(const Fd& fd, const std::filesystem::path& path, std::size_t limit) {
  std::string content;
  for (;;) {
    std::size_t old_size = content.size();
    content.resize(old_size + kPiece);
    ssize_t n = ::read(fd.get(), content.data() + old_size, kPiece);
    if (n < 0 && errno != EINTR) return fail_errno(errno, "read {}", path.string());
    bool interrupted = n < 0;
    content.resize(old_size + (interrupted ? 0 : static_cast<std::size_t>(n)));
    if (interrupted) continue;
    if (content.size() > limit) return fail("read {}: larger than {} bytes", path.string(), limit);
    if (n == 0) return content;
  }
}

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "open {}", path.string());
  return read_all(fd, path, limit);
}

Result<std::string> read_regular_file(const std::filesystem::path& path, std::size_t limit) {
  // Without O_NONBLOCK the opening of a pipe waits for its writer.
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return fail_errno(errno, "open {}", path.string());
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0) return fail_errno(errno, "read {}", path.string());
  if (!S_ISREG(info.st_mode)) {
    return fail("read {}: it is {}: name a file", path.string(), kind_of(info.st_mode));
  }
  return read_all(fd, path, limit);
}

std::string file_stamp(const std::filesystem::path& path) {
  std::error_code error;
  auto time = std::filesystem::last_write_time(path, error);
  auto size = error ? 0 : std::filesystem::file_size(path, error);
  return fmt::format("{} {}\n", error ? 0 : time.time_since_epoch().count(), size);
}

Result<> write_all(const Fd& fd, const std::filesystem::path& path, std::string_view content) {
  while (!content.empty()) {
    ssize_t n = ::write(fd.get(), content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, "write {}", path.string());
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

namespace {

// A file that nobody has made before us.
Fd create_beside(const std::filesystem::path& path, mode_t rights, std::filesystem::path& beside) {
  constexpr int kTries = 100;
  std::random_device random;
  Fd fd;
  for (int i = 0; i < kTries && !fd; ++i) {
    beside = path;
    beside += fmt::format(".{:08x}.tmp", random());
    fd = Fd(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, rights));
    if (!fd && errno != EEXIST) break;
  }
  return fd;
}

// The rights and the owner of the file before.
Result<> dress(const Fd& fd, const struct stat& before, const std::filesystem::path& path) {
  // The owner first: a change of it takes rights away.
  mode_t kept = 07777;
  if (::fchown(fd.get(), before.st_uid, before.st_gid) != 0) {
    // Never somebody else's program with our rights, nor one group's rights for another.
    constexpr auto kAsItIs = static_cast<uid_t>(-1);
    kept = ::fchown(fd.get(), kAsItIs, before.st_gid) == 0 ? 0777 : 0707;
  }
  if (::fchmod(fd.get(), before.st_mode & kept) != 0)
    return fail_errno(errno, "set the rights of {}", path.string());
  return {};
}

Result<> put_in_place(const Fd& fd, const std::filesystem::path& beside, const std::filesystem::path& path,
                      std::string_view content) {
  if (auto written = write_all(fd, beside, content); !written) return written;
  if (::fsync(fd.get()) != 0) return fail_errno(errno, "sync {}", beside.string());
  if (::rename(beside.c_str(), path.c_str()) != 0) return fail_errno(errno, "rename {}", path.string());
  return {};
}

}  // namespace

Result<> write_file_atomically(const std::filesystem::path& path, std::string_view content,
                               std::optional<FileOwner> owner) {
  struct stat before{};
  bool is_there = ::lstat(path.c_str(), &before) == 0 && S_ISREG(before.st_mode);
  std::filesystem::path beside;
  Fd fd = create_beside(path, is_there ? 0600 : 0644, beside);
  if (!fd) return fail_errno(errno, "create {}", beside.string());
  Result<> done = is_there ? dress(fd, before, path) : Result<>();
  // Only a wish: there are file systems that know no owners, and none may cost the content.
  if (owner) (void)!::fchown(fd.get(), owner->user, owner->group);
  if (done) done = put_in_place(fd, beside, path, content);
  if (!done) ::unlink(beside.c_str());
  return done;
}

}  // namespace weir
