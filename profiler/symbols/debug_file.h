// Separate debug files: the symbols a package's -dbg or -dbgsym puts beside a
// stripped file, looked for where gdb looks for them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "profiler/symbols/bytes.h"
#include "profiler/symbols/elf.h"

namespace weir::profiler {

// The root under which we see a file that a process sees at `path`: "/proc/PID/root", "" for our own.
// `host_path` is below it, or /proc/PID/exe.
std::string root_of(std::string_view host_path, std::string_view path);

// What .gnu_debuglink says: the name of a file, and its checksum.
struct DebugLink {
  std::string name;
  std::uint32_t crc = 0;
};

// From the content of the section; nullopt when it is broken or names more than a file in a folder.
std::optional<DebugLink> parse_debug_link(std::string_view content);

struct DebugFile {
  std::string path;
  std::shared_ptr<const Bytes> bytes;
  Elf elf;
};

// A place that was looked at, and why the file there (or none) was not taken.
struct DebugFileTry {
  std::string path;  // as the process sees it; "host:/…" outside its root
  std::string why;
};

// Whose debug file is wanted. Hostile: both paths are somebody else's.
struct DebugFileOf {
  const Elf& elf;
  const Bytes& bytes;
  std::string path;  // as the process sees it
  std::string root;  // of the process; "" for ours
};

// The first file that has the build id (or, by .gnu_debuglink, the checksum);
// each place is looked at inside the process's root and then on the host:
//   /usr/lib/debug/.build-id/01/23456789abcdef.debug and …/01/0123456789abcdef.debug
//   DIR/NAME, DIR/.debug/NAME (not on the host), /usr/lib/debug/DIR/NAME
std::optional<DebugFile> find_debug_file(const DebugFileOf& of, std::vector<DebugFileTry>& tries);

}  // namespace weir::profiler
