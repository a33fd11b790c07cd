// Where a Go program keeps its table of functions (.gopclntab), and how that is
// laid out: four formats since Go 1.2. The bytes are somebody else's.
#pragma once

#include <cstdint>
#include <optional>

#include "profiler/symbols/bytes.h"
#include "profiler/symbols/elf.h"

namespace weir::profiler {

// Named by the release of Go that began with it.
enum class GoFormat : std::uint8_t { go1_2, go1_16, go1_18, go1_20 };

struct GoLayout {
  GoFormat format = GoFormat::go1_20;
  std::uint32_t quantum = 1;         // bytes that one step of a place counts
  std::uint64_t functions = 0;       // how many
  std::uint64_t text = 0;            // the address that functions are counted from; 0 before Go 1.18
  std::uint64_t begin = 0, end = 0;  // offsets in the file, as all that follow
  std::uint64_t index = 0;           // place and record of each function, by place
  std::uint64_t records = 0;         // what the index counts records from
  std::uint64_t names = 0;           // strings
  std::uint64_t units = 0;           // files of each compilation unit; 0 before Go 1.16
  std::uint64_t files = 0;           // strings; before Go 1.16 the list of their offsets
  std::uint64_t values = 0;          // tables of values by place
  std::uint64_t inlined = 0;         // what the records count trees of inlined calls from; 0: not known

  // A number in the index: place or record.
  std::uint64_t index_width() const { return format >= GoFormat::go1_18 ? 4 : 8; }
};

// By the section's name, else, for a Go program without it, by the first bytes
// of the table. Nothing when the file has none that we can follow.
std::optional<GoLayout> find_go_table(const Elf& elf, const Bytes& bytes);

}  // namespace weir::profiler
