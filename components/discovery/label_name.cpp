#include "components/discovery/label_name.h"

#include "base/utf8.h"

namespace weir::discovery {

std::string label_name(std::string_view prefix, std::string_view name) {
  std::string out(prefix);
  for (std::size_t at = 0; at < name.size();) {
    Rune rune = decode_rune(name, at);
    char32_t c = rune.code;
    bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    out += word ? static_cast<char>(c) : '_';
    at += rune.size;
  }
  return out;
}

}  // namespace weir::discovery
