#include "profiler/symbols/bytes.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace weir::profiler {
namespace {

std::int64_t modified_ns(const struct stat& st) {
  return st.st_mtim.tv_sec * 1'000'000'000 + st.st_mtim.tv_nsec;
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

}  // namespace weir::profiler
