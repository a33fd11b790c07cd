// What a stack is made of. Everything later rests on these types: a frame is
// known first by where it is (mapping + address inside the file), and gets its
// names afterwards, or a reason why it has none.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace weir::profile {

// The kind of code a frame ran; also its colour on the page.
enum class FrameKind : std::uint8_t {
  native,  // compiled code of a process
  kernel,
  python,
  go,
  javascript,
  java,
  ruby,
  php,
  dotnet,
  jit,      // machine code made at run time, of a runtime we do not know
  unknown,  // not even a mapping
};

// Why a frame has no function name. A frame is never dropped for that.
enum class NoName : std::uint8_t {
  named,         // it has one
  stripped,      // the file has no symbol that covers the address, and no debug file was found
  no_mapping,    // no mapping of the process covers the address
  process_gone,  // the process ended before its file could be opened
  unreadable,    // the file could not be read, or is not an ELF file we trust
  jit,           // code made at run time, and no map of it
  evicted,       // the tables were over their memory limit
};

// A file (or the kernel, or "[vdso]") mapped executable into a process.
struct Mapping {
  std::string file;         // path as the process sees it; "[kernel]" for the kernel
  std::string build_id;     // lower-case hex of the GNU build id; empty when there is none
  std::uint64_t start = 0;  // range of virtual addresses in the process
  std::uint64_t limit = 0;
  std::uint64_t offset = 0;  // of `start` in the file, bytes
  // Where frames in it have no name: what was looked at in search of one, or what went wrong.
  std::string why_no_name;

  bool operator==(const Mapping&) const = default;
};

// A function at a frame; more than one when the compiler inlined.
struct Line {
  std::string function;  // empty: see Frame::no_name
  std::string file;      // source file, empty when unknown
  std::uint32_t line = 0;

  bool operator==(const Line&) const = default;
};

inline constexpr std::uint32_t kNoMapping = 0xffffffff;

struct Frame {
  FrameKind kind = FrameKind::unknown;
  NoName no_name = NoName::no_mapping;
  std::uint32_t mapping = kNoMapping;  // index into Profile::mappings
  // Native: virtual address as the file's own symbols count it (not of the
  // process). Kernel: address. Interpreted code: 0.
  std::uint64_t address = 0;
  // Innermost inlined function first, the function that really is there last.
  // Empty exactly when no_name is not NoName::named.
  std::vector<Line> lines;

  bool operator==(const Frame&) const = default;
};

// What to show for a frame: the function, or "file+0xaddress", or "[unknown]".
std::string display_name(const Frame& frame, const std::vector<Mapping>& mappings);

std::string_view to_string(FrameKind kind);
std::string_view to_string(NoName why);

}  // namespace weir::profile
