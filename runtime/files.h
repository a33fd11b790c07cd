// files: the config texts at a path.
#pragma once

#include <filesystem>
#include <vector>

#include "lang/diagnostic.h"
#include "lang/source.h"

namespace weir::runtime {

inline constexpr std::size_t kMaxConfigBytes = 64u << 20;

// A file, whatever its name; of a folder all .river and .alloy files directly in it, in order of their paths.
// What cannot be read is appended as an error without a place. `limit` is that of each file.
std::vector<lang::SourcePtr> read_config(const std::filesystem::path& path, lang::Diagnostics& diagnostics,
                                         std::size_t limit = kMaxConfigBytes);

}  // namespace weir::runtime
