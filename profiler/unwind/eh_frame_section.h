// EhFrameSection: a file's .eh_frame, held in memory.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/result.h"
#include "profiler/symbols/bytes.h"
#include "profiler/symbols/elf.h"
#include "profiler/unwind/eh_encoding.h"

namespace weir::profiler {

// Where the entries end.
enum class EhFrameEnd {
  size,        // with the section; an entry of length 0 is stepped over
  terminator,  // at the entry of length 0: only the segment's size is known
};

// Pages that are all there from the start: megabytes touched one page after the other would
// cost a tenth of the table's time.
struct Unmap {
  std::size_t size = 0;
  void operator()(std::uint8_t* data) const;
};

struct EhFrameSection {
  std::unique_ptr<std::uint8_t[], Unmap> data;
  std::size_t size = 0;
  EhFrameEnd end = EhFrameEnd::size;
  EhBases bases;

  std::span<const std::uint8_t> bytes() const { return {data.get(), size}; }
};

// Found by its name, else through PT_GNU_EH_FRAME. Size 0 when there is none. `elf` and `bytes`
// must outlive it. One larger than `byte_limit` is an error.
Result<EhFrameSection> read_eh_frame_section(const Elf& elf, const Bytes& bytes, std::size_t byte_limit);

}  // namespace weir::profiler
