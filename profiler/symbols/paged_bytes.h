// PagedBytes: the same bytes, kept in pages of memory: for a reader that asks
// for many small pieces, most of them near each other.
#pragma once

#include <cstdint>
#include <vector>

#include "profiler/symbols/bytes.h"

namespace weir::profiler {

class PagedBytes : public Bytes {
 public:
  // `bytes` outlive this.
  explicit PagedBytes(const Bytes& bytes) : bytes_(bytes), pages_(kPages) {}

  std::uint64_t size() const override { return bytes_.size(); }
  std::size_t read(std::uint64_t offset, void* to, std::size_t size) const override;
  bool unchanged() const override { return bytes_.unchanged(); }

 private:
  static constexpr std::size_t kPages = 64;
  static constexpr std::size_t kPageBytes = 16u << 10;
  static constexpr std::uint64_t kNone = ~std::uint64_t{0};

  struct Page {
    std::uint64_t number = kNone;
    std::vector<char> data;
  };
  const Page& page(std::uint64_t number) const;

  const Bytes& bytes_;
  mutable std::vector<Page> pages_;  // each has one place
};

}  // namespace weir::profiler
