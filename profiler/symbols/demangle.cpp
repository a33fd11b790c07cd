#include "profiler/symbols/demangle.h"

#include "profiler/symbols/itanium.h"
#include "profiler/symbols/rust.h"

namespace weir::profiler {
namespace {

// Nobody reads what comes of more.
constexpr std::size_t kMaxMangled = 32u << 10;
constexpr std::size_t kMaxShown = 64u << 10;

std::optional<std::string> read(std::string_view name, Demangle mode) {
  if (name.starts_with("_R")) return demangle_rust_v0(name, mode);
  if (auto text = demangle_rust_legacy(name)) return text;
  return demangle_itanium(name, mode);
}

}  // namespace

std::string demangle(std::string_view name, Demangle mode) {
  std::optional<std::string> text;
  if (mode != Demangle::none && name.starts_with('_') && name.size() <= kMaxMangled) text = read(name, mode);
  return text && text->size() <= kMaxShown ? *std::move(text) : std::string(name);
}

}  // namespace weir::profiler
