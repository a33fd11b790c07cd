#include "profiler/symbols/paged_bytes.h"

#include <algorithm>
#include <cstring>

namespace weir::profiler {

const PagedBytes::Page& PagedBytes::page(std::uint64_t number) const {
  Page& page = pages_[number % kPages];
  if (page.number == number) return page;
  page.number = number;
  page.data.resize(kPageBytes);
  page.data.resize(bytes_.read(number * kPageBytes, page.data.data(), kPageBytes));
  return page;
}

std::size_t PagedBytes::read(std::uint64_t offset, void* to, std::size_t size) const {
  std::size_t done = 0;
  while (done < size && offset + done < bytes_.size()) {
    const Page& from = page((offset + done) / kPageBytes);
    std::size_t skip = (offset + done) % kPageBytes;
    if (skip >= from.data.size()) break;
    std::size_t some = std::min(size - done, from.data.size() - skip);
    std::memcpy(static_cast<char*>(to) + done, from.data.data() + skip, some);
    done += some;
  }
  return done;
}

}  // namespace weir::profiler
