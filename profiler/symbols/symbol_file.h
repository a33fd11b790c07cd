// SymbolFile: one mapped file as naming sees it: where its code lies, what its
// functions are called, and why a place in it has no name.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "profile/frame.h"
#include "profiler/process/watched_reads.h"
#include "profiler/symbols/bytes.h"
#include "profiler/symbols/elf.h"
#include "profiler/symbols/gopclntab.h"
#include "profiler/symbols/symbol_table.h"

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

// Immutable once it is read.
struct SymbolFile {
  std::string path;  // as the first process that mapped it sees it
  std::string build_id;
  std::optional<Elf> elf;  // nullopt when it could not be read
  SymbolTable symbols;
  GoTable go;
  std::shared_ptr<const Bytes> go_bytes;               // those of `go`
  ReadRisk risk;                                       // of reading a name
  profile::NoName reason = profile::NoName::stripped;  // of a place without a name
  bool failed = false;                                 // it has no names at all: `why` says what went wrong
  // What was looked at in search of a name. Null when a .symtab was found: then the place is no function's.
  std::shared_ptr<const std::string> why;

  std::size_t functions() const { return symbols.size() + go.size(); }
  // Of our own memory.
  std::size_t bytes() const;
};

// Reads the symbols of a file: of its .symtab, its debug file's, or its
// MiniDebugInfo's, and its .dynsym. The answer has `failed` set where that
// cannot be; null when the process has gone before its file was opened.
std::shared_ptr<const SymbolFile> read_symbol_file(WatchedReads& reads, const ModuleFile& module,
                                                   std::size_t byte_limit);

}  // namespace weir::profiler
