// The vdso: code of the kernel's that it maps into every process, ours too.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "profiler/symbols/bytes.h"

namespace weir::profiler {

// As mappings of it are called.
inline constexpr std::string_view kVdso = "[vdso]";

// A copy of our own, an ELF image; fails when this kernel maps none.
Result<std::unique_ptr<Bytes>> read_vdso();

}  // namespace weir::profiler
