#include "profiler/unwind/table_file.h"

#include <elf.h>
#include <sys/stat.h>

#include <memory>

#include "profiler/process/file_access.h"
#include "profiler/process/modules.h"
#include "profiler/symbols/bytes.h"
#include "profiler/symbols/vdso.h"

namespace weir::profiler {

namespace {

constexpr std::uint64_t kPageSize = 4096;

Result<std::shared_ptr<const Bytes>> open_file(const MappedBy& by, const std::string& path) {
  if (by.module->path == kVdso) return read_vdso();
  // What a process maps can be reached even when its file was deleted or replaced, where the kernel lets us.
  auto fd = open_regular_file(
      path.empty() ? fmt::format("/proc/{}/map_files/{:x}-{:x}", by.pid, by.start, by.limit) : path);
  if (!fd) return fail(fd.error());
  return own_file_bytes(std::move(*fd));
}

TableFile failed(NoTable why, std::string error) {
  TableFile file;
  file.why = why;
  file.error = std::move(error);
  return file;
}

// All that refuses a file for what it would take says "more than N bytes"; with a higher limit it may go
// well.
TableFile refused(const Error& error, std::size_t byte_limit) {
  bool is_over_limit = error.message.contains(fmt::format("more than {}", byte_limit));
  return failed(is_over_limit ? NoTable::too_large : NoTable::malformed, error.message);
}

TableFile read_one(const MappedBy& by, const std::string& path, std::size_t byte_limit) {
  auto bytes = open_file(by, path);
  if (!bytes) return failed(NoTable::unreadable, bytes.error().message);
  auto elf = Elf::read(**bytes);
  if (!elf) return failed(NoTable::malformed, elf.error().message);
  if (!by.module->build_id.empty() && elf->build_id() != by.module->build_id && by.module->path != kVdso)
    return failed(NoTable::unreadable, "the file was replaced: its build id is not that of the mapping");
  TableFile file;
  for (const ElfSegment& segment : elf->segments()) {
    if (segment.type == PT_LOAD && (segment.flags & PF_X) != 0) file.code.push_back(segment);
  }
  auto table = read_unwind_table(*elf, **bytes, byte_limit);
  if (!table) return refused(table.error(), byte_limit);
  file.table = std::move(*table);
  if (file.table.rows() == 0) file.why = NoTable::no_eh_frame;
  return file;
}

bool is_alive(std::uint32_t pid) {
  struct stat status{};
  return ::stat(fmt::format("/proc/{}", pid).c_str(), &status) == 0;
}

}  // namespace

TableFile read_table_file(WatchedReads& reads, std::span<const MappedBy> mapped_by, std::size_t byte_limit) {
  TableFile last = failed(NoTable::gone, "no process maps it any more");
  std::vector<MappedBy> ways(mapped_by.begin(), mapped_by.end());
  // The very same file may lie in our own root.
  if (!ways.empty()) ways.push_back({.pid = 0, .module = ways.front().module});
  for (const MappedBy& by : ways) {
    // What hangs for a process hangs for us.
    if (by.pid == 0 && last.why == NoTable::hung) break;
    std::string path = locate(reads, *by.module, by.pid).value_or("");
    if (by.pid == 0 && path.empty() && by.module->is_file()) continue;
    auto read = reads.run(risk_of_file(by.pid, by.module->path),
                          [by, path, byte_limit] { return read_one(by, path, byte_limit); });
    TableFile file = read ? std::move(*read) : failed(NoTable::hung, read.error().message);
    if (file.why == NoTable::none || file.why == NoTable::no_eh_frame) return file;
    if (by.pid == 0 || is_alive(by.pid)) last = std::move(file);
  }
  return last;
}

std::uint64_t address_in_file(std::span<const ElfSegment> code, std::uint64_t file_offset) {
  const ElfSegment* best = nullptr;
  std::uint64_t best_size = 0;
  for (const ElfSegment& segment : code) {
    std::uint64_t first = segment.offset & ~(kPageSize - 1);
    if (file_offset < first || file_offset >= segment.offset + segment.file_size) continue;
    // Two segments may share a page; the mapping shows the one with more of it.
    std::uint64_t size = segment.offset + segment.file_size - file_offset;
    if (best && size <= best_size) continue;
    best = &segment;
    best_size = size;
  }
  if (!best) return file_offset;
  return best->address - best->offset + file_offset;
}

}  // namespace weir::profiler
