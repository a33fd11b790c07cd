// Modules and mappings: which file lies where in a process.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace weir::profiler {

// A mapped file (or "[vdso]", "//anon"). Shared by all mappings of it.
struct Module {
  std::string path;      // as the process sees it
  std::string build_id;  // lower-case hex; empty when unknown
  std::uint64_t device = 0;
  std::uint64_t inode = 0;

  bool is_file() const { return !path.empty() && path.front() == '/' && !path.starts_with("//anon"); }
  bool is_anonymous() const { return !is_file() && !path.starts_with("[v"); }
  bool operator==(const Module&) const = default;
};

using ModulePtr = std::shared_ptr<const Module>;

// An executable range of a process.
struct ProcessMapping {
  std::uint64_t start = 0;
  std::uint64_t limit = 0;
  std::uint64_t offset = 0;  // of `start` in the file
  ModulePtr module;

  bool contains(std::uint64_t address) const { return address >= start && address < limit; }
};

// The mappings of one process, sorted by address, never overlapping.
class MappingTable {
 public:
  // Replaces what the new range covers, as the kernel does.
  void insert(ProcessMapping mapping);
  const ProcessMapping* find(std::uint64_t address) const;
  void clear() { mappings_.clear(); }
  std::size_t size() const { return mappings_.size(); }
  const std::vector<ProcessMapping>& all() const { return mappings_; }

 private:
  // A hostile process may map as it likes; ordinary ones have tens, and large ones hundreds.
  static constexpr std::size_t kMost = 16384;

  std::vector<ProcessMapping> mappings_;
};

}  // namespace weir::profiler
