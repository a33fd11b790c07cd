#include <libdeflate.h>

#include <algorithm>
#include <memory>

#include "profile/pprof.h"

namespace weir::profile {
namespace {

struct Free {
  void operator()(libdeflate_compressor* c) const { libdeflate_free_compressor(c); }
  void operator()(libdeflate_decompressor* d) const { libdeflate_free_decompressor(d); }
};

// No deflate stream unpacks to more than 1032 times its size.
constexpr std::size_t kMaxRatio = 1032;

// What the last four bytes say the size is, as far as one can believe it.
std::size_t size_hint(std::string_view data, std::size_t limit) {
  std::size_t hint = data.size() * 4;
  if (data.size() >= 18) {
    auto byte = [&](std::size_t back) {
      return std::size_t{static_cast<unsigned char>(data[data.size() - back])};
    };
    hint = byte(4) | byte(3) << 8 | byte(2) << 16 | byte(1) << 24;
  }
  return std::clamp<std::size_t>(std::min(hint, data.size() * kMaxRatio), 64,
                                 std::max<std::size_t>(limit, 64));
}

// Asks the budget, where there is one, before memory is taken.
Result<std::string> unpack(std::string_view data, std::size_t limit, bool& is_too_large,
                           MemoryBudget* budget = nullptr) {
  std::unique_ptr<libdeflate_decompressor, Free> decompressor(libdeflate_alloc_decompressor());
  if (!decompressor) throw std::bad_alloc();
  if (data.empty()) return fail("gunzip: no data");
  std::string out;
  std::size_t used = 0;
  std::size_t taken = 0;  // of the budget
  std::size_t room = size_hint(data, limit);
  while (!data.empty()) {  // a file may be several members one after the other
    std::size_t wanted = std::min(used + room, limit);
    if (budget != nullptr && wanted > taken) {
      if (!budget->take(wanted - taken)) return fail("gunzip: no memory for {} bytes", wanted);
      taken = wanted;
    }
    out.resize_and_overwrite(used + room, [](char*, std::size_t n) { return n; });
    std::size_t in = 0;
    std::size_t written = 0;
    auto result = libdeflate_gzip_decompress_ex(decompressor.get(), data.data(), data.size(),
                                                out.data() + used, room, &in, &written);
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE) {
      is_too_large = used + room > limit;
      if (is_too_large) return fail("gunzip: more than {} bytes once unpacked", limit);
      room = std::min(room * 2, limit - used + 1);
      continue;
    }
    if (result != LIBDEFLATE_SUCCESS) return fail("gunzip: not gzip data, or damaged");
    used += written;
    is_too_large = used > limit;
    if (is_too_large) return fail("gunzip: more than {} bytes once unpacked", limit);
    data.remove_prefix(in);
  }
  out.resize(used);
  if (budget != nullptr) budget->give_back(taken - used);
  return out;
}

}  // namespace

std::string gzip(std::string_view data) {
  std::unique_ptr<libdeflate_compressor, Free> compressor(libdeflate_alloc_compressor(1));
  if (!compressor) throw std::bad_alloc();
  std::string out;
  std::size_t bound = libdeflate_gzip_compress_bound(compressor.get(), data.size());
  out.resize_and_overwrite(bound, [&](char* to, std::size_t n) {
    return libdeflate_gzip_compress(compressor.get(), data.data(), data.size(), to, n);
  });
  return out;
}

Result<std::string> gunzip(std::string_view data, MemoryBudget& budget) {
  std::size_t limit = budget.left();
  bool is_too_large = false;
  auto plain = unpack(data, limit, is_too_large, &budget);
  if (is_too_large) (void)budget.take(limit + 1);
  return plain;
}

Result<std::string> gunzip(std::string_view data, std::size_t limit) {
  bool is_too_large = false;
  return unpack(data, limit, is_too_large);
}

}  // namespace weir::profile
