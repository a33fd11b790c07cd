#include "components/relabel/names.h"

#include "base/utf8.h"

namespace weir::relabel {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_word(char c) {
  return is_letter(c) || (c >= '0' && c <= '9');
}

std::size_t word_length(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && is_word(text[length])) ++length;
  return length;
}

// Length of a $1, $name or ${name} at the start; 0: there is none.
std::size_t reference_length(std::string_view text) {
  if (!text.starts_with('$')) return 0;
  if (!text.substr(1).starts_with('{')) {
    std::size_t word = word_length(text.substr(1));
    return word == 0 ? 0 : word + 1;
  }
  std::size_t word = word_length(text.substr(2));
  bool closed = word > 0 && text.substr(2 + word).starts_with('}');
  return closed ? word + 3 : 0;
}

}  // namespace

bool is_legacy_name(std::string_view text) {
  return !text.empty() && is_letter(text[0]) && word_length(text) == text.size();
}

bool is_name_template(std::string_view text) {
  if (text.empty() || (text[0] >= '0' && text[0] <= '9')) return false;
  while (!text.empty()) {
    std::size_t length = is_word(text[0]) ? 1 : reference_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

bool is_utf8_name(std::string_view text) {
  return !text.empty() && is_utf8(text);
}

}  // namespace weir::relabel
