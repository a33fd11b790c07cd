#include "base/file_system.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/fd.h"

namespace weir {

Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "open {}", path.string());
  std::string content;
  for (;;) {
    std::size_t old_size = content.size();
    content.resize(old_size + 16384);
    ssize_t n = ::read(fd.get(), content.data() + old_size, 16384);
    if (n < 0 && errno != EINTR) return fail_errno(errno, "read {}", path.string());
    bool interrupted = n < 0;
    content.resize(old_size + (interrupted ? 0 : static_cast<std::size_t>(n)));
    if (interrupted) continue;
    if (content.size() > limit) return fail("read {}: larger than {} bytes", path.string(), limit);
    if (n == 0) return content;
  }
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

Result<> write_file_atomically(const std::filesystem::path& path, std::string_view content) {
  std::filesystem::path beside = path;
  beside += ".tmp";
  Fd fd(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd) return fail_errno(errno, "create {}", beside.string());
  if (auto written = write_all(fd, beside, content); !written) return written;
  if (::fsync(fd.get()) != 0) return fail_errno(errno, "sync {}", beside.string());
  if (::rename(beside.c_str(), path.c_str()) != 0) return fail_errno(errno, "rename {}", path.string());
  return {};
}

}  // namespace weir
