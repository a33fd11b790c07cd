#include "profiler/symbols/bytes.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <string_view>

namespace weir::profiler {
namespace {

std::int64_t modified_ns(const struct stat& st) {
  return st.st_mtim.tv_sec * 1'000'000'000 + st.st_mtim.tv_nsec;
}

// The length of "/proc/PID/root" at the start of `path`, or 0.
std::size_t process_root_length(std::string_view path) {
  constexpr std::string_view kProc = "/proc/";
  if (!path.starts_with(kProc)) return 0;
  std::size_t digits = path.find_first_not_of("0123456789", kProc.size());
  if (digits == kProc.size() || digits == std::string_view::npos) return 0;
  constexpr std::string_view kRoot = "/root/";
  return path.substr(digits).starts_with(kRoot) ? digits + kRoot.size() - 1 : 0;
}

// A symbolic link in a container must not lead to a file of the host.
int open_inside_root(const std::string& path, std::size_t root_length) {
  Fd root(::open(path.substr(0, root_length).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return -1;
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(
      ::syscall(SYS_openat2, root.get(), path.c_str() + root_length + 1, &how, sizeof how));
}

}  // namespace

std::size_t MemoryBytes::read(std::uint64_t offset, void* to, std::size_t size) const {
  if (offset >= data_.size() || size == 0) return 0;
  std::size_t n = std::min<std::size_t>(size, data_.size() - offset);
  std::memcpy(to, data_.data() + offset, n);
  return n;
}

Result<FileBytes> FileBytes::of(int fd) {
  struct stat st{};
  if (::fstat(fd, &st) != 0) return fail_errno(errno, "stat");
  if (!S_ISREG(st.st_mode)) return fail("not a regular file");
  FileBytes bytes;
  bytes.fd_ = fd;
  bytes.size_ = static_cast<std::uint64_t>(st.st_size);
  bytes.modified_ns_ = modified_ns(st);
  return bytes;
}

std::size_t FileBytes::read(std::uint64_t offset, void* to, std::size_t size) const {
  if (offset >= size_) return 0;
  std::size_t done = 0;
  while (done < size) {
    ssize_t n = ::pread(fd_, static_cast<char*>(to) + done, size - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

bool FileBytes::unchanged() const {
  struct stat st{};
  if (::fstat(fd_, &st) != 0) return false;
  return static_cast<std::uint64_t>(st.st_size) == size_ && modified_ns(st) == modified_ns_;
}

namespace {

class OwnedFileBytes : public Bytes {
 public:
  OwnedFileBytes(Fd fd, FileBytes file) : fd_(std::move(fd)), file_(file) {}
  std::uint64_t size() const override { return file_.size(); }
  std::size_t read(std::uint64_t offset, void* to, std::size_t size) const override {
    return file_.read(offset, to, size);
  }
  bool unchanged() const override { return file_.unchanged(); }

 private:
  Fd fd_;
  FileBytes file_;
};

}  // namespace

Result<std::shared_ptr<const Bytes>> own_file_bytes(Fd fd) {
  auto file = FileBytes::of(fd.get());
  if (!file) return fail(file.error());
  return std::make_shared<OwnedFileBytes>(std::move(fd), *file);
}

Result<Fd> open_regular_file(const std::string& path) {
  std::size_t root = process_root_length(path);
  Fd place(root != 0 ? open_inside_root(path, root) : ::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!place) return fail_errno(errno, "open {}", path);
  struct stat st{};
  if (::fstat(place.get(), &st) != 0) return fail_errno(errno, "stat {}", path);
  if (!S_ISREG(st.st_mode)) return fail("open {}: not a regular file", path);
  std::string again = "/proc/self/fd/" + std::to_string(place.get());
  Fd fd(::open(again.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "open {}", path);
  return fd;
}

}  // namespace weir::profiler
