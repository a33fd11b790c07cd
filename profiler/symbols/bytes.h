// Bytes of somebody else's file or memory, read by copy and within bounds: a
// mapping of a file that its owner truncates would end us with SIGBUS.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "base/result.h"
#include "profiler/process/file_access.h"

namespace weir::profiler {

class Bytes {
 public:
  virtual ~Bytes() = default;
  virtual std::uint64_t size() const = 0;
  // How many bytes were there; fewer than `size` at the end or on an error.
  virtual std::size_t read(std::uint64_t offset, void* to, std::size_t size) const = 0;

  // Whether what was read before still holds.
  virtual bool unchanged() const { return true; }
  // Bytes of our own memory that this takes.
  virtual std::size_t memory() const { return 0; }

  bool read_all(std::uint64_t offset, void* to, std::size_t size) const {
    return read(offset, to, size) == size;
  }
};

class MemoryBytes : public Bytes {
 public:
  explicit MemoryBytes(std::span<const char> data) : data_(data) {}
  std::uint64_t size() const override { return data_.size(); }
  std::size_t read(std::uint64_t offset, void* to, std::size_t size) const override;

 private:
  std::span<const char> data_;
};

// A copy of what was somewhere: unpacked, or read from memory.
class OwnedBytes : public Bytes {
 public:
  explicit OwnedBytes(std::string data) : data_(std::move(data)) {}
  std::uint64_t size() const override { return data_.size(); }
  std::size_t read(std::uint64_t offset, void* to, std::size_t size) const override {
    return MemoryBytes(data_).read(offset, to, size);
  }
  std::size_t memory() const override { return data_.capacity(); }

 private:
  std::string data_;
};

// Of a regular file; the size is that of the moment it was made.
class FileBytes : public Bytes {
 public:
  // `fd` stays the caller's and outlives this. Fails when it is no regular file.
  static Result<FileBytes> of(int fd);

  std::uint64_t size() const override { return size_; }
  std::size_t read(std::uint64_t offset, void* to, std::size_t size) const override;
  bool unchanged() const override;

 private:
  int fd_ = -1;
  std::uint64_t size_ = 0;
  std::int64_t modified_ns_ = 0;
};

// Like FileBytes, and keeps the file open.
Result<std::shared_ptr<const Bytes>> own_file_bytes(Fd fd);

}  // namespace weir::profiler
