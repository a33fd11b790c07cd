// Unwind tables of a running process, laid out as bpf/unwind.h says: for tests of the unwinder alone, in an
// Arena or in any memory with the same alloc(), write() and intern().
#pragma once

#include <elf.h>
#include <fcntl.h>

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/fd.h"
#include "profiler/process/proc_files.h"
#include "profiler/symbols/vdso.h"
#include "profiler/unwind/arena.h"
#include "profiler/unwind/table.h"
#include "profiler/unwind/table_file.h"
#include "profiler/unwind/table_writer.h"

namespace weir::profiler::test {

struct LaidOutTable {
  std::uint32_t pages = 0;
  std::uint16_t page_count = 0;
  std::uint8_t page_bits = 0;
  std::uint64_t base = 0;
};

template <class T, class Memory>
Result<std::uint32_t> put(Memory& memory, const std::vector<T>& objects) {
  auto address = memory.alloc(objects.size() * sizeof(T) / sizeof(std::uint32_t));
  if (!address) return address;
  if (auto written = memory.write(*address, std::as_bytes(std::span(objects))); !written) {
    return fail(written.error());
  }
  return address;
}

template <class Memory>
Result<LaidOutTable> lay_out(Memory& memory, const UnwindTable& table) {
  std::vector<std::uint16_t> ids;
  for (const unwind_rule& rule : table.distinct) ids.push_back(memory.intern(rule));
  std::vector<unwind_page> pages;
  std::uint8_t page_bits = page_bits_of(table);
  std::size_t row = 0;
  while (row < table.rows()) {
    std::vector<std::uint32_t> rows;
    unwind_page page{};
    if (row != 0) page.carried = ids[table.rules[row - 1]];
    for (; row < table.rows() && table.starts[row] >> page_bits == pages.size(); ++row) {
      rows.push_back(table.starts[row] << 16 | ids[table.rules[row]]);
    }
    page.count = static_cast<std::uint16_t>(rows.size());
    if (!rows.empty()) {
      auto address = put(memory, rows);
      if (!address) return fail(address.error());
      page.rows = *address;
    }
    pages.push_back(page);
  }
  if (pages.empty()) return LaidOutTable{};
  auto address = put(memory, pages);
  if (!address) return fail(address.error());
  return LaidOutTable{*address, static_cast<std::uint16_t>(pages.size()), page_bits, table.base};
}

inline Result<std::shared_ptr<const Bytes>> open_mapped(std::uint32_t pid, std::string_view path) {
  if (path == kVdso) return read_vdso();
  Fd file(open(fmt::format("/proc/{}/root{}", pid, path).c_str(), O_RDONLY | O_CLOEXEC));
  return own_file_bytes(std::move(file));
}

// What of a file's mapping the tables need: its own layout, and how its addresses differ from the process's.
template <class Memory>
Result<unwind_mapping> map_file(Memory& memory, std::uint32_t pid, const MapsLine& line) {
  constexpr std::size_t kLimit = 256u << 20;
  unwind_mapping mapping{};
  mapping.start = line.start;
  mapping.limit = line.limit;
  mapping.kind = UNWIND_MAPPING_FRAME_POINTERS;
  if (!line.path.starts_with('/') && line.path != kVdso) return mapping;
  auto bytes = open_mapped(pid, line.path);
  if (!bytes) return fail(bytes.error());
  auto elf = Elf::read(**bytes);
  if (!elf) return fail(elf.error());
  auto table = read_unwind_table(*elf, **bytes, kLimit);
  if (!table) return fail(table.error());
  std::vector<ElfSegment> code;
  for (const ElfSegment& segment : elf->segments()) {
    if (segment.type == PT_LOAD && (segment.flags & PF_X) != 0) code.push_back(segment);
  }
  std::uint64_t address = address_in_file(code, line.offset);
  auto laid_out = lay_out(memory, *table);
  if (!laid_out) return fail(laid_out.error());
  if (laid_out->page_count == 0) return mapping;
  mapping.bias = line.start - address + laid_out->base;
  mapping.pages = laid_out->pages;
  mapping.page_count = laid_out->page_count;
  mapping.page_bits = laid_out->page_bits;
  mapping.kind = UNWIND_MAPPING_TABLE;
  return mapping;
}

template <class Memory>
Result<unwind_process> put_mappings(Memory& memory, const std::vector<unwind_mapping>& mappings) {
  if (mappings.empty()) return unwind_process{};
  auto address = put(memory, mappings);
  if (!address) return fail(address.error());
  return unwind_process{*address, static_cast<std::uint32_t>(mappings.size())};
}

// Of all that the process maps now.
template <class Memory>
Result<unwind_process> put_process(Memory& memory, std::uint32_t pid) {
  auto maps = read_proc(pid, "maps");
  if (!maps) return fail("process {} is gone", pid);
  std::vector<unwind_mapping> mappings;
  std::string error;
  each_line(*maps, [&](std::string_view text) {
    auto line = parse_maps_line(text);
    if (!line || !line->executable) return;
    auto mapping = map_file(memory, pid, *line);
    if (mapping) {
      mappings.push_back(*mapping);
    } else {
      error = mapping.error().message;
    }
  });
  if (!error.empty()) return fail("{}", error);
  return put_mappings(memory, mappings);
}

// An arena in which these processes are.
inline Result<std::unique_ptr<Arena>> arena_of(std::span<const std::uint32_t> pids) {
  auto arena = Arena::open();
  if (!arena) return arena;
  for (std::uint32_t pid : pids) {
    auto process = put_process(**arena, pid);
    if (!process) return fail(process.error());
    if (auto set = (*arena)->set_process(pid, *process); !set) return fail(set.error());
  }
  (*arena)->end_writing();
  return arena;
}

}  // namespace weir::profiler::test
