// Compressed parts of ELF files, unpacked. The bytes are somebody else's: what
// comes out, and the memory it takes on the way, have a limit.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "profiler/symbols/bytes.h"
#include "profiler/symbols/elf.h"

namespace weir::profiler {

// The content of a section, at most `byte_limit` bytes; unpacked where the file
// has it compressed (SHF_COMPRESSED, by zlib or zstd).
Result<std::string> read_section(const Bytes& bytes, const ElfSection& section, std::size_t byte_limit);

// One .xz stream, of at most `byte_limit` bytes when it is unpacked.
Result<std::string> unpack_xz(std::string_view packed, std::size_t byte_limit);

// MiniDebugInfo: the small ELF file with only .symtab in it that some
// distributions leave in a stripped file, in .gnu_debugdata. "" when there is none.
Result<std::string> read_mini_debug_info(const Elf& elf, const Bytes& bytes);

}  // namespace weir::profiler
