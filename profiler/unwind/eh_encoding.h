// Pointers in .eh_frame and .eh_frame_hdr: a byte says how one is encoded
// (Linux Standard Base, "DWARF extensions").
#pragma once

#include <cstdint>
#include <optional>

#include "profiler/symbols/bytes.h"
#include "profiler/symbols/elf.h"
#include "profiler/unwind/cursor.h"

namespace weir::profiler {

constexpr std::uint8_t kOmittedPointer = 0xff;

// What encoded pointers can be relative to, as virtual addresses of the file.
struct EhBases {
  const Elf* elf = nullptr;  // where an indirect pointer's target is looked up
  const Bytes* bytes = nullptr;
  const std::uint8_t* start = nullptr;  // the section, as it is held in memory
  std::uint64_t address = 0;            // the section, as the file counts
  std::uint64_t data = 0;               // for datarel: .eh_frame_hdr itself, or the global offset table
};

// Nothing when the encoding is none we know or the bytes end.
std::optional<std::uint64_t> read_any_pointer(Cursor& in, std::uint8_t encoding, const EhBases& bases,
                                              std::uint64_t function);

inline std::optional<std::uint64_t> read_pointer(Cursor& in, std::uint8_t encoding, const EhBases& bases,
                                                 std::uint64_t function = 0) {
  constexpr std::uint8_t kUsual = 0x1b;  // four bytes, signed, from where they stand
  if (encoding != kUsual || in.left() < sizeof(std::int32_t))
    return read_any_pointer(in, encoding, bases, function);
  std::uint64_t here = bases.address + static_cast<std::uint64_t>(in.at() - bases.start);
  auto distance = in.fixed<std::int32_t>();
  return distance == 0 ? 0 : here + static_cast<std::uint64_t>(std::int64_t{distance});
}

// The value alone, relative to nothing: a length, or a pointer to step over.
std::optional<std::uint64_t> read_any_pointer_value(Cursor& in, std::uint8_t encoding);

inline std::optional<std::uint64_t> read_pointer_value(Cursor& in, std::uint8_t encoding) {
  constexpr std::uint8_t kForm = 0x0f;
  constexpr std::uint8_t kUsual = 0x0b;  // four bytes, signed
  if ((encoding & kForm) != kUsual || in.left() < sizeof(std::int32_t))
    return read_any_pointer_value(in, encoding);
  return static_cast<std::uint64_t>(std::int64_t{in.fixed<std::int32_t>()});
}

// Bytes at a virtual address of the file; how many there were.
std::size_t read_at_address(const Elf& elf, const Bytes& bytes, std::uint64_t address, void* to,
                            std::size_t size);

}  // namespace weir::profiler
