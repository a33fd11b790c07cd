#include "profiler/symbols/elf.h"

#include <elf.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>

#include "profiler/symbols/build_id.h"

namespace weir::profiler {
namespace {

static_assert(std::endian::native == std::endian::little, "ELF structures are copied as they are");

constexpr std::size_t kMaxSegments = 512;
constexpr std::size_t kMaxSections = 8192;
constexpr std::size_t kMaxSectionNames = 256u << 10;
constexpr std::size_t kMaxSectionName = 63;
constexpr std::size_t kMaxNoteBytes = 64u << 10;
constexpr std::uint64_t kPage = 4096;

Result<Elf64_Ehdr> read_header(const Bytes& bytes) {
  Elf64_Ehdr header{};
  if (!bytes.read_all(0, &header, sizeof header)) return fail("not an ELF file: too short");
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return fail("not an ELF file");
  if (header.e_ident[EI_CLASS] != ELFCLASS64) return fail("a 32-bit ELF file, which weir does not read");
  if (header.e_ident[EI_DATA] != ELFDATA2LSB) return fail("a big-endian ELF file, which weir does not read");
  if (header.e_machine != EM_X86_64 && header.e_machine != EM_AARCH64)
    return fail("an ELF file for machine {}, which weir does not read", header.e_machine);
  if (header.e_type != ET_EXEC && header.e_type != ET_DYN)
    return fail("an ELF file, but no executable and no shared object");
  return header;
}

template <class Entry>
std::vector<Entry> read_table(const Bytes& bytes, std::uint64_t offset, std::size_t count,
                              std::size_t entry_size, std::size_t limit) {
  if (entry_size != sizeof(Entry) || count > limit) return {};
  std::vector<Entry> table(count);
  if (!bytes.read_all(offset, table.data(), count * sizeof(Entry))) return {};
  return table;
}

std::vector<ElfSegment> read_segments(const Bytes& bytes, const Elf64_Ehdr& header) {
  std::vector<ElfSegment> segments;
  for (const Elf64_Phdr& p :
       read_table<Elf64_Phdr>(bytes, header.e_phoff, header.e_phnum, header.e_phentsize, kMaxSegments)) {
    segments.push_back({p.p_type, p.p_flags, p.p_offset, p.p_vaddr, p.p_filesz, p.p_memsz});
  }
  return segments;
}

std::string read_section_names(const Bytes& bytes, const Elf64_Shdr& strings) {
  if (strings.sh_type != SHT_STRTAB || strings.sh_size > kMaxSectionNames) return {};
  std::string names(strings.sh_size, '\0');
  return bytes.read_all(strings.sh_offset, names.data(), names.size()) ? names : std::string();
}

std::string name_at(std::string_view names, std::uint64_t offset) {
  if (offset >= names.size()) return {};
  std::string_view name = names.substr(offset, kMaxSectionName + 1);
  std::size_t end = name.find('\0');
  return end == std::string_view::npos ? std::string() : std::string(name.substr(0, end));
}

std::vector<ElfSection> read_sections(const Bytes& bytes, const Elf64_Ehdr& header) {
  std::vector<ElfSection> sections;
  if (header.e_shoff == 0) return sections;
  auto table =
      read_table<Elf64_Shdr>(bytes, header.e_shoff, header.e_shnum, header.e_shentsize, kMaxSections);
  std::string names;
  if (header.e_shstrndx < table.size()) names = read_section_names(bytes, table[header.e_shstrndx]);
  for (const Elf64_Shdr& s : table) {
    sections.push_back({name_at(names, s.sh_name), s.sh_type, s.sh_link, s.sh_flags, s.sh_addr, s.sh_offset,
                        s.sh_size, s.sh_entsize});
  }
  return sections;
}

// Of the sections, where the file has them: they are narrower than segments.
std::vector<std::pair<std::uint64_t, std::uint64_t>> code_ranges(const std::vector<ElfSegment>& segments,
                                                                 const std::vector<ElfSection>& sections) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  auto add = [&](std::uint64_t start, std::uint64_t size) {
    std::uint64_t end = 0;
    if (!__builtin_add_overflow(start, size, &end)) ranges.emplace_back(start, end);
  };
  for (const ElfSection& section : sections)
    if (section.type != SHT_NULL && (section.flags & SHF_EXECINSTR) != 0) add(section.address, section.size);
  if (ranges.empty()) {
    for (const ElfSegment& segment : segments)
      if (segment.type == PT_LOAD && (segment.flags & PF_X) != 0) add(segment.address, segment.memory_size);
  }
  std::sort(ranges.begin(), ranges.end());
  return ranges;
}

std::string read_notes(const Bytes& bytes, std::uint64_t offset, std::uint64_t size) {
  if (size == 0 || size > kMaxNoteBytes) return {};
  std::string notes(size, '\0');
  if (!bytes.read_all(offset, notes.data(), notes.size())) return {};
  return build_id_in_notes(notes);
}

}  // namespace

Result<Elf> Elf::read(const Bytes& bytes) {
  auto header = read_header(bytes);
  if (!header) return fail(header.error());
  Elf elf;
  elf.segments_ = read_segments(bytes, *header);
  elf.sections_ = read_sections(bytes, *header);
  if (elf.segments_.empty()) return fail("an ELF file without program headers");
  elf.code_ = code_ranges(elf.segments_, elf.sections_);
  // A stack of 512 notes of 64 KB each is no build id: the first few count.
  int tries = 16;
  for (const ElfSegment& segment : elf.segments_) {
    if (segment.type != PT_NOTE || !elf.build_id_.empty() || tries-- <= 0) continue;
    elf.build_id_ = read_notes(bytes, segment.offset, segment.file_size);
  }
  for (const ElfSection& section : elf.sections_) {
    if (section.type != SHT_NOTE || !elf.build_id_.empty() || tries-- <= 0) continue;
    elf.build_id_ = read_notes(bytes, section.offset, section.size);
  }
  return elf;
}

std::optional<std::uint64_t> Elf::address_of(std::uint64_t file_offset) const {
  const ElfSegment* found = nullptr;
  for (const ElfSegment& segment : segments_) {
    if (segment.type != PT_LOAD || file_offset < segment.offset) continue;
    if (file_offset - segment.offset >= segment.file_size) continue;
    // Segments may share a page of the file; the code is meant.
    if (found == nullptr || (segment.flags & PF_X) != 0) found = &segment;
    if ((segment.flags & PF_X) != 0) break;
  }
  if (found != nullptr) return file_offset - found->offset + found->address;
  // The rest of the last page is mapped too.
  for (const ElfSegment& segment : segments_) {
    if (segment.type != PT_LOAD || (segment.flags & PF_X) == 0) continue;
    std::uint64_t start = segment.offset & ~(kPage - 1);
    if (file_offset < start) continue;
    if (file_offset - start < segment.file_size + (segment.offset - start) + kPage)
      return file_offset - segment.offset + segment.address;
  }
  return std::nullopt;
}

std::uint64_t Elf::end_of_code(std::uint64_t address) const {
  auto after = std::upper_bound(code_.begin(), code_.end(), std::pair(address, UINT64_MAX));
  if (after == code_.begin()) return 0;
  std::uint64_t end = (after - 1)->second;
  return address < end ? end : 0;
}

const ElfSection* Elf::section_named(std::string_view name) const {
  auto found = std::find_if(sections_.begin(), sections_.end(),
                            [&](const ElfSection& section) { return section.name == name; });
  return found == sections_.end() ? nullptr : &*found;
}

Result<std::string> read_build_id(int fd) {
  auto bytes = FileBytes::of(fd);
  if (!bytes) return fail(bytes.error());
  auto elf = Elf::read(*bytes);
  if (!elf) return fail(elf.error());
  return elf->build_id();
}

}  // namespace weir::profiler
