// prefetch: memory that will soon be read is on its way while something else is done.
#pragma once

#include <cstddef>

namespace weir {

// `object` may be null.
inline void prefetch(const void* object, std::size_t size) {
  constexpr std::size_t kLine = 64;
  if (object == nullptr) return;
  for (std::size_t at = 0; at < size; at += kLine) __builtin_prefetch(static_cast<const char*>(object) + at);
}

}  // namespace weir
