#include "profiler/symbols/demangle.h"

#include "profiler/symbols/itanium.h"
#include "profiler/symbols/rust.h"

namespace weir::profiler {
namespace {

// Parsers recurse once or twice for each letter of "PPPP…i".
constexpr std::size_t kMaxMangled = 4096;
// What is longer, nobody reads: the name as it is says as much.
constexpr std::size_t kMaxShown = 16u << 10;

}  // namespace

std::string demangle(std::string_view name, Demangle mode) {
  std::optional<std::string> text;
  if (mode != Demangle::none && name.size() <= kMaxMangled) {
    // Mangled names have no dot: what follows one names a clone or a compilation unit.
    std::string_view plain = name.substr(0, name.find('.'));
    if (name.starts_with("_ZN")) text = demangle_rust_legacy(name);
    if (!text && plain.starts_with("_Z")) text = demangle_itanium(plain, mode);
    if (!text && plain.starts_with("_R")) text = demangle_rust_v0(plain, mode);
  }
  return text && text->size() <= kMaxShown ? *std::move(text) : std::string(name);
}

}  // namespace weir::profiler
