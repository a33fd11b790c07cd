// What the targets of the language have in common: every diagnostic stands inside its text, and can be shown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "lang/diagnostic.h"

namespace weir::lang {

inline void check_places(const Diagnostics& diagnostics, std::size_t size) {
  for (const Diagnostic& diagnostic : diagnostics) {
    if (diagnostic.span.begin > diagnostic.span.end || diagnostic.span.end > size) std::abort();
    for (const Note& note : diagnostic.notes) {
      if (note.span.begin > note.span.end || note.span.end > size) std::abort();
    }
  }
  // One of them: to show a text costs more than to read it.
  if (!diagnostics.empty()) (void)render(diagnostics.front());
}

inline constexpr std::size_t kLongestInput = 1 << 16;

inline SourcePtr source_of(const std::uint8_t* data, std::size_t size) {
  return Source::make("input", std::string(reinterpret_cast<const char*>(data), size));
}

}  // namespace weir::lang
