#include "store/packing.h"

#include <zstd.h>

#include <cstdint>

namespace weir::store {
namespace {

constexpr int kLevel = 3;  // half of level 1's size for names, at twice its time
constexpr std::size_t kMaxUnpacked = 64u << 20;

// The first byte says how the rest is to be read.
constexpr char kPlain = 0;
constexpr char kZstd = 1;

}  // namespace

Result<std::string> pack(std::string_view data) {
  if (data.size() > kMaxUnpacked) return fail("{} bytes are too many", data.size());
  std::string out;
  out.resize_and_overwrite(1 + ZSTD_compressBound(data.size()), [&](char* to, std::size_t room) {
    std::size_t n = ZSTD_compress(to + 1, room - 1, data.data(), data.size(), kLevel);
    to[0] = kZstd;
    return ZSTD_isError(n) != 0 || n >= data.size() ? 0 : 1 + n;
  });
  if (out.empty()) out.append(1, kPlain).append(data);
  return out;
}

Result<std::string> unpack(std::string_view data) {
  if (data.empty()) return fail("unpack: no data");
  std::string_view rest = data.substr(1);
  if (data[0] == kPlain) return std::string(rest);
  if (data[0] != kZstd) return fail("unpack: unknown packing");
  unsigned long long size = ZSTD_getFrameContentSize(rest.data(), rest.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > kMaxUnpacked)
    return fail("unpack: not zstd data, or too large");
  std::string out;
  bool whole = false;
  out.resize_and_overwrite(size, [&](char* to, std::size_t room) {
    std::size_t n = ZSTD_decompress(to, room, rest.data(), rest.size());
    whole = ZSTD_isError(n) == 0 && n == size;
    return whole ? n : 0;
  });
  if (!whole) return fail("unpack: damaged zstd data");
  return out;
}

}  // namespace weir::store
