// Elf: what naming needs of a 64-bit little-endian ELF file (x86-64, aarch64).
// The bytes are somebody else's: every count and offset is checked, and a
// broken part is as if it were not there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "profiler/symbols/bytes.h"

namespace weir::profiler {

struct ElfSegment {
  std::uint32_t type = 0;   // PT_…
  std::uint32_t flags = 0;  // PF_…
  std::uint64_t offset = 0;
  std::uint64_t address = 0;
  std::uint64_t file_size = 0;
  std::uint64_t memory_size = 0;
};

struct ElfSection {
  std::string name;        // "" when it cannot be read or is longer than any we look for
  std::uint32_t type = 0;  // SHT_…
  std::uint32_t link = 0;
  std::uint64_t flags = 0;  // SHF_…
  std::uint64_t address = 0;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint64_t entry_size = 0;
};

class Elf {
 public:
  // Fails when it is no executable or shared object that this machine could run.
  static Result<Elf> read(const Bytes& bytes);

  const std::vector<ElfSegment>& segments() const { return segments_; }
  // Index 0 is the null section; empty when the file has no (usable) section headers.
  const std::vector<ElfSection>& sections() const { return sections_; }
  // The first of that name; null when there is none.
  const ElfSection* section_named(std::string_view name) const;
  // Lower-case hex of the GNU build id; "" when there is none.
  const std::string& build_id() const { return build_id_; }

  // Virtual address, as the file's own symbols count it, of a place in the file.
  std::optional<std::uint64_t> address_of(std::uint64_t file_offset) const;
  // Ranges of code, by start: of the sections, where the file has them, else of the segments.
  const std::vector<std::pair<std::uint64_t, std::uint64_t>>& code() const { return code_; }
  // End of the code around an address; 0 when it is no code.
  std::uint64_t end_of_code(std::uint64_t address) const;

 private:
  std::vector<ElfSegment> segments_;
  std::vector<ElfSection> sections_;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> code_;  // start and end, by start
  std::string build_id_;
};

// Lower-case hex of the GNU build id of an open file; "" when it has none.
Result<std::string> read_build_id(int fd);

}  // namespace weir::profiler
