#include "components/regular_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/fd.h"
#include "components/wording.h"

namespace weir {
namespace {

constexpr std::size_t kPiece = 64u << 10;

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

}  // namespace

Result<std::string> read_regular_file(const std::filesystem::path& path, std::size_t limit) {
  // Without O_NONBLOCK the opening of a pipe waits for its writer.
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return fail_errno(errno, "read {}", path.string());
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0) return fail_errno(errno, "read {}", path.string());
  if (!S_ISREG(info.st_mode)) {
    return fail("read {}: it is {}: name a file", path.string(), kind_of(info.st_mode));
  }
  std::string content;
  for (;;) {
    std::size_t size = content.size();
    content.resize(size + kPiece);
    ssize_t n = ::read(fd.get(), content.data() + size, kPiece);
    if (n < 0 && errno != EINTR) return fail_errno(errno, "read {}", path.string());
    content.resize(size + (n < 0 ? 0 : static_cast<std::size_t>(n)));
    if (content.size() > limit) {
      return fail("read {}: it is larger than {}", path.string(), bytes_text(limit));
    }
    if (n == 0) return content;
  }
}

}  // namespace weir
