// Symbolizer: names for code addresses, as one session wants them spelled. The
// symbol tables are shared with other sessions.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "profile/frame.h"
#include "profiler/session.h"
#include "profiler/symbols/symbol_file.h"
#include "profiler/symbols/symbol_files.h"

namespace weir::profiler {

// A place in a module that was named, or why it was not.
struct NamedFrame {
  profile::FrameKind kind = profile::FrameKind::native;
  profile::NoName no_name = profile::NoName::named;
  std::uint64_t address = 0;         // virtual address as the file's own symbols count it
  std::vector<profile::Line> lines;  // empty exactly when there is no name
  // Of a frame without a name, what was looked at, or what went wrong; one for each file. May be null.
  std::shared_ptr<const std::string> why;
  std::string module;  // of the kernel, that the function is in: "nf_tables"
};

// Not thread-safe.
class Symbolizer {
 public:
  static std::unique_ptr<Symbolizer> create(std::shared_ptr<SymbolFiles> files, SessionLimits limits,
                                            Demangle demangle);
  virtual ~Symbolizer() = default;

  virtual void set_limits(SessionLimits limits) = 0;
  virtual void set_demangle(Demangle demangle) = 0;
  // Tables that no session has used since its last call may go, where they are too many.
  virtual void end_window() {}
  // Places that name() is about to be asked for: what has to be read for them is read in one go.
  virtual void prepare(const ModuleFile&, std::span<const std::uint64_t> /*file_offsets*/) {}
  // `file_offset` is the place in the file: pc - mapping.start + mapping.offset.
  virtual NamedFrame name(const ModuleFile& module, std::uint64_t file_offset) = 0;
  virtual NamedFrame name_kernel(std::uint64_t address) = 0;
  // What is loaded, the kernel among it, and what could not be.
  virtual std::vector<SymbolFileInfo> files() const = 0;
};

}  // namespace weir::profiler
