#include "components/discovery/label_name.h"

#include "lang/text.h"

namespace weir::discovery {

std::string label_name(std::string_view prefix, std::string_view name) {
  std::string out(prefix);
  for (std::size_t at = 0; at < name.size();) {
    lang::Rune rune = lang::decode_rune(name, at);
    char32_t c = rune.code;
    bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    out += word ? static_cast<char>(c) : '_';
    at += rune.size;
  }
  return out;
}

std::string utf8_text(std::string_view text) {
  if (lang::is_utf8(text)) return std::string(text);
  std::string valid;
  for (std::size_t at = 0; at < text.size();) {
    lang::Rune rune = lang::decode_rune(text, at);
    lang::append_utf8(valid, rune.code);
    at += rune.size;
  }
  return valid;
}

}  // namespace weir::discovery
