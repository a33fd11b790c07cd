#include "lang/encoding.h"

#include <cstdint>

namespace weir::lang {
namespace {

std::string_view letters(Base64 alphabet) {
  return alphabet == Base64::standard ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
                                      : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
}

constexpr std::string_view kHex = "0123456789ABCDEF";

int hex_digit(char c) {
  std::size_t index = kHex.find(c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c);
  return index == std::string_view::npos ? -1 : static_cast<int>(index);
}

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.' || c == '~';
}

}  // namespace

std::string encode_base64(std::string_view bytes, Base64 alphabet) {
  std::string_view digits = letters(alphabet);
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::string_view group = bytes.substr(i, 3);
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      bits = bits << 8 | (k < group.size() ? static_cast<unsigned char>(group[k]) : 0u);
    }
    for (std::size_t k = 0; k < 4; ++k) out += k <= group.size() ? digits[bits >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

Result<std::string> decode_base64(std::string_view text, Base64 alphabet) {
  std::string_view digits = letters(alphabet);
  std::string out;
  std::uint32_t bits = 0;
  std::size_t count = 0, padding = 0;  // within the group of four
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '\r' || c == '\n') continue;
    std::size_t digit = digits.find(c);
    bool is_padding = c == '=' && count >= 2;
    if (is_padding) ++padding;
    if ((!is_padding && (digit == std::string_view::npos || padding > 0)) || padding > 2) {
      return fail("not base64: unexpected character at byte {}", i + 1);
    }
    bits = bits << 6 | (is_padding ? 0 : static_cast<std::uint32_t>(digit));
    if (++count < 4) continue;
    for (std::size_t k = 0; k + padding < 3; ++k) out += static_cast<char>(bits >> (16 - 8 * k) & 0xFF);
    count = 0;
    if (padding > 0 && text.find_first_not_of("\r\n", i + 1) != std::string_view::npos) {
      return fail("not base64: text follows the padding at byte {}", i + 2);
    }
  }
  if (count != 0) return fail("not base64: it ends too early (padding with = is missing)");
  return out;
}

std::string encode_url(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (is_plain(c)) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      auto byte = static_cast<unsigned char>(c);
      ((out += '%') += kHex[byte >> 4]) += kHex[byte & 15];
    }
  }
  return out;
}

Result<std::string> decode_url(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0)
      return fail("not URL encoded: % needs two hexadecimal digits (at byte {})", i + 1);
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

}  // namespace weir::lang
