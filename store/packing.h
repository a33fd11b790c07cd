// Bytes compressed by zstd where that makes them fewer.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::store {

// Fails when `data` is more than unpack() takes.
Result<std::string> pack(std::string_view data);
// The bytes may be anything.
Result<std::string> unpack(std::string_view data);

}  // namespace weir::store
