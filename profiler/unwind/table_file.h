// Finds the file of a module through the processes that map it, and reads its
// unwind table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "profiler/process/module.h"
#include "profiler/process/watched_reads.h"
#include "profiler/symbols/elf.h"
#include "profiler/unwind/table.h"
#include "profiler/unwind/unwind_stats.h"

namespace weir::profiler {

// Through which process a module can be reached.
struct MappedBy {
  std::uint32_t pid = 0;
  std::uint64_t start = 0;  // of the mapping
  std::uint64_t limit = 0;
  ModulePtr module;  // its path is that of this process
};

struct TableFile {
  NoTable why = NoTable::none;
  std::string error;  // what was tried
  UnwindTable table;
  std::vector<ElfSegment> code;  // executable segments
};

TableFile read_table_file(WatchedReads& reads, std::span<const MappedBy> mapped_by, std::size_t byte_limit);

// The virtual address, as the file counts it, of a place in it: by the executable segments of which a mapping
// may show some more than they hold, as it covers whole pages.
std::uint64_t address_in_file(std::span<const ElfSegment> code, std::uint64_t file_offset);

}  // namespace weir::profiler
