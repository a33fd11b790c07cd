#include "profiler/symbols/unpack.h"

#include <elf.h>
#include <libdeflate.h>
#include <lzma.h>
#include <zstd.h>

#include <algorithm>
#include <cstdint>
#include <memory>

namespace weir::profiler {
namespace {

constexpr std::uint32_t kCompressZlib = 1;  // ELFCOMPRESS_…
constexpr std::uint32_t kCompressZstd = 2;

// A decoder's own memory is its dictionary: `xz` takes 8 MiB unless told otherwise, `xz -8` 32.
constexpr std::uint64_t kDecoderMemory = 40u << 20;
// Of the largest files of a distribution it is some megabytes.
constexpr std::size_t kMaxPackedMini = 16u << 20;
constexpr std::size_t kMaxMini = 32u << 20;

// resize_and_overwrite() of libstdc++ 12 may tell its function a larger size than it was given.
Result<std::string> read_plain(const Bytes& bytes, std::uint64_t offset, std::uint64_t size) {
  if (offset > bytes.size() || size > bytes.size() - offset)
    return fail("a section reaches past the file's end");
  std::string content;
  content.resize_and_overwrite(size, [&](char* to, std::size_t) { return bytes.read(offset, to, size); });
  if (content.size() != size) return fail("the file ends early");
  return content;
}

Result<std::string> unpack_zlib(std::string_view packed, std::size_t size) {
  std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)> decoder(
      libdeflate_alloc_decompressor(), &libdeflate_free_decompressor);
  std::string content;
  auto result = LIBDEFLATE_BAD_DATA;
  content.resize_and_overwrite(size, [&](char* to, std::size_t) {
    result = libdeflate_zlib_decompress(decoder.get(), packed.data(), packed.size(), to, size, nullptr);
    return result == LIBDEFLATE_SUCCESS ? size : 0;
  });
  if (result != LIBDEFLATE_SUCCESS) return fail("damaged zlib data");
  return content;
}

Result<std::string> unpack_zstd(std::string_view packed, std::size_t size) {
  std::string content;
  content.resize_and_overwrite(size, [&](char* to, std::size_t) {
    std::size_t n = ZSTD_decompress(to, size, packed.data(), packed.size());
    return ZSTD_isError(n) != 0 ? 0 : n;
  });
  if (content.size() != size) return fail("damaged zstd data");
  return content;
}

const char* why_of(lzma_ret result) {
  switch (result) {
    case LZMA_FORMAT_ERROR: return "not xz data";
    case LZMA_MEMLIMIT_ERROR: return "unpacking it would take too much memory";
    case LZMA_OPTIONS_ERROR: return "xz data of a kind that weir does not read";
    case LZMA_MEM_ERROR: return "out of memory";
    default: return "damaged xz data";
  }
}

}  // namespace

Result<std::string> read_section(const Bytes& bytes, const ElfSection& section, std::size_t byte_limit) {
  if (section.type == SHT_NOBITS) return fail("a section without content");
  if (section.size > byte_limit) return fail("a section of {} bytes, more than {}", section.size, byte_limit);
  auto content = read_plain(bytes, section.offset, section.size);
  if (!content || (section.flags & SHF_COMPRESSED) == 0) return content;
  Elf64_Chdr header;
  if (content->size() < sizeof header) return fail("a compressed section without a header");
  content->copy(reinterpret_cast<char*>(&header), sizeof header);
  if (header.ch_size > byte_limit)
    return fail("a section of {} bytes, more than {}", header.ch_size, byte_limit);
  std::string_view packed = std::string_view(*content).substr(sizeof header);
  if (header.ch_type == kCompressZlib) return unpack_zlib(packed, header.ch_size);
  if (header.ch_type == kCompressZstd) return unpack_zstd(packed, header.ch_size);
  return fail("a section compressed in a way that weir does not read ({})", header.ch_type);
}

Result<std::string> unpack_xz(std::string_view packed, std::size_t byte_limit) {
  lzma_stream stream = LZMA_STREAM_INIT;
  std::unique_ptr<lzma_stream, decltype(&lzma_end)> owner(&stream, &lzma_end);
  lzma_ret result = lzma_stream_decoder(&stream, kDecoderMemory, 0);
  if (result != LZMA_OK) return fail("{}", why_of(result));
  stream.next_in = reinterpret_cast<const std::uint8_t*>(packed.data());
  stream.avail_in = packed.size();
  std::string content;
  constexpr std::size_t kFirst = 64u << 10;
  while (result == LZMA_OK) {
    std::size_t have = content.size();
    if (have == byte_limit) return fail("more than {} bytes when unpacked", byte_limit);
    std::size_t room = std::min(byte_limit, std::max(kFirst, have * 2));
    content.resize(room);
    stream.next_out = reinterpret_cast<std::uint8_t*>(content.data()) + have;
    stream.avail_out = room - have;
    result = lzma_code(&stream, LZMA_FINISH);
    content.resize(room - stream.avail_out);
  }
  if (result != LZMA_STREAM_END) return fail("{}", why_of(result));
  return content;
}

Result<std::string> read_mini_debug_info(const Elf& elf, const Bytes& bytes) {
  const ElfSection* section = elf.section_named(".gnu_debugdata");
  if (section == nullptr) return std::string();
  auto packed = read_section(bytes, *section, kMaxPackedMini);
  if (!packed) return fail("read .gnu_debugdata: {}", packed.error().message);
  auto unpacked = unpack_xz(*packed, kMaxMini);
  if (!unpacked) return fail("read .gnu_debugdata: {}", unpacked.error().message);
  return unpacked;
}

}  // namespace weir::profiler
