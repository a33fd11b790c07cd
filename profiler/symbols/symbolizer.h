// Symbolizer: names for code addresses. Symbol tables are loaded at first
// need, shared between processes by build id (else by device and inode), and
// kept within a limit of bytes and of files.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/fd.h"
#include "profile/frame.h"
#include "profiler/session.h"

namespace weir::profiler {

// How to reach a mapped file: opened by the process table while the process lived, or to be opened.
// Hostile: the path and the content belong to somebody else.
struct ModuleFile {
  std::string path;          // as the process sees it
  std::string host_path;     // where we can open it: /proc/PID/root/…; empty when the process is gone
  std::string build_id;      // lower-case hex; empty when unknown
  std::uint64_t device = 0;  // of the mapping; 0 when unknown
  std::uint64_t inode = 0;
};

// A place in a module to be named, and the answer.
struct NamedFrame {
  profile::FrameKind kind = profile::FrameKind::native;
  profile::NoName no_name = profile::NoName::named;
  std::uint64_t address = 0;         // virtual address as the file's own symbols count it
  std::vector<profile::Line> lines;  // empty exactly when there is no name
};

// Not thread-safe.
class Symbolizer {
 public:
  static std::unique_ptr<Symbolizer> create(SessionLimits limits, Demangle demangle);
  virtual ~Symbolizer() = default;

  virtual void set_limits(SessionLimits limits) = 0;
  virtual void set_demangle(Demangle demangle) = 0;
  // `file_offset` is the place in the file: pc - mapping.start + mapping.offset.
  virtual NamedFrame name(const ModuleFile& module, std::uint64_t file_offset) = 0;
  // From /proc/kallsyms, read at first need.
  virtual NamedFrame name_kernel(std::uint64_t address) = 0;
  // Forgets tables that were not used for some windows.
  virtual void end_window() = 0;
  // What is loaded, the kernel among it, and what could not be.
  virtual std::vector<SymbolFileInfo> files() const = 0;
};

}  // namespace weir::profiler
