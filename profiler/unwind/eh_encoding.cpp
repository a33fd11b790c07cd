#include "profiler/unwind/eh_encoding.h"

#include <elf.h>

#include <algorithm>

namespace weir::profiler {
namespace {

// Low four bits: the form. The next three: what it is relative to. The top bit: the address of the pointer.
constexpr std::uint8_t kForm = 0x0f;
constexpr std::uint8_t kRelative = 0x70;
constexpr std::uint8_t kIndirect = 0x80;
constexpr std::uint8_t kAligned = 0x50;

std::uint64_t signed_value(std::int64_t value) {
  return static_cast<std::uint64_t>(value);
}

std::optional<std::uint64_t> base_of(std::uint8_t relative, std::uint64_t here, const EhBases& bases,
                                     std::uint64_t function) {
  switch (relative) {
    case 0x00: return 0;
    case 0x10: return here;
    case 0x30: return bases.data;
    case 0x40: return function;
    default: return std::nullopt;  // 0x20, relative to .text, is of no linker on x86-64
  }
}

}  // namespace

std::optional<std::uint64_t> read_any_pointer_value(Cursor& in, std::uint8_t encoding) {
  std::uint64_t value = 0;
  switch (encoding & kForm) {
    case 0x00:
    case 0x04:
    case 0x0c: value = in.fixed<std::uint64_t>(); break;
    case 0x01: value = in.uleb(); break;
    case 0x02: value = in.fixed<std::uint16_t>(); break;
    case 0x03: value = in.fixed<std::uint32_t>(); break;
    case 0x09: value = signed_value(in.sleb()); break;
    case 0x0a: value = signed_value(in.fixed<std::int16_t>()); break;
    case 0x0b: value = signed_value(in.fixed<std::int32_t>()); break;
    default: return std::nullopt;
  }
  if (!in.ok()) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> read_any_pointer(Cursor& in, std::uint8_t encoding, const EhBases& bases,
                                              std::uint64_t function) {
  if (encoding == kOmittedPointer) return std::nullopt;
  std::uint64_t here = bases.address + static_cast<std::uint64_t>(in.at() - bases.start);
  if ((encoding & kRelative) == kAligned) {
    in.skip(-here & 7);
    encoding = 0;
  }
  auto value = read_pointer_value(in, encoding);
  auto base = base_of(encoding & kRelative, here, bases, function);
  if (!value || !base) return std::nullopt;
  if (*value == 0) return 0;  // means none, whatever it is relative to
  std::uint64_t address = *base + *value;
  if ((encoding & kIndirect) == 0) return address;
  std::uint64_t target = 0;
  if (read_at_address(*bases.elf, *bases.bytes, address, &target, sizeof target) != sizeof target)
    return std::nullopt;
  return target;
}

std::size_t read_at_address(const Elf& elf, const Bytes& bytes, std::uint64_t address, void* to,
                            std::size_t size) {
  for (const ElfSegment& segment : elf.segments()) {
    if (segment.type != PT_LOAD || address < segment.address) continue;
    std::uint64_t distance = address - segment.address;
    if (distance >= segment.file_size || segment.offset > UINT64_MAX - distance) continue;
    return bytes.read(segment.offset + distance, to,
                      std::min<std::uint64_t>(size, segment.file_size - distance));
  }
  return 0;
}

}  // namespace weir::profiler
