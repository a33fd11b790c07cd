#include "profiler/symbols/rust.h"

#include <bit>
#include <charconv>
#include <cstdint>

namespace weir::profiler {
namespace {

struct Escape {
  std::string_view code;
  std::string_view text;
};

constexpr Escape kEscapes[] = {{"$SP$", "@"}, {"$BP$", "*"}, {"$RF$", "&"}, {"$LT$", "<"},
                               {"$GT$", ">"}, {"$LP$", "("}, {"$RP$", ")"}, {"$C$", ","}};

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// "$u7b$" is the character with that number; only ASCII that can be seen is made of it.
bool unescape_number(std::string_view& part, std::string& text) {
  if (!part.starts_with("$u") || part.size() < 5 || part[4] != '$') return false;
  int high = hex_digit(part[2]);
  int low = hex_digit(part[3]);
  if (high < 2 || high > 7 || low < 0) return false;
  text += static_cast<char>(high * 16 + low);
  part.remove_prefix(5);
  return true;
}

bool unescape_word(std::string_view& part, std::string& text) {
  for (const Escape& escape : kEscapes) {
    if (!part.starts_with(escape.code)) continue;
    text += escape.text;
    part.remove_prefix(escape.code.size());
    return true;
  }
  return false;
}

void append_unescaped(std::string_view part, std::string& text) {
  if (part.starts_with("_$")) part.remove_prefix(1);
  while (!part.empty()) {
    if (part.starts_with("..")) {
      text += "::";
      part.remove_prefix(2);
    } else if (part[0] != '$') {
      text += part[0];
      part.remove_prefix(1);
    } else if (!unescape_word(part, text) && !unescape_number(part, text)) {
      text += part;
      return;
    }
  }
}

// Sixteen hexadecimal digits; a C++ name that looks like them has few different ones.
bool is_hash(std::string_view digits) {
  constexpr int kFewest = 5;
  std::uint16_t seen = 0;
  for (char c : digits) {
    int digit = hex_digit(c);
    if (digit < 0) return false;
    seen = static_cast<std::uint16_t>(seen | (1u << digit));
  }
  return std::popcount(seen) >= kFewest;
}

// The next part of a name, with its length before it.
std::optional<std::string_view> next_part(std::string_view& rest) {
  std::size_t length = 0;
  auto [at, error] = std::from_chars(rest.data(), rest.data() + rest.size(), length);
  if (error != std::errc{} || length == 0) return std::nullopt;
  rest.remove_prefix(static_cast<std::size_t>(at - rest.data()));
  if (rest.starts_with('_')) {
    rest.remove_prefix(1);
    --length;
  }
  if (length > rest.size()) return std::nullopt;
  std::string_view part = rest.substr(0, length);
  rest.remove_prefix(length);
  return part;
}

}  // namespace

std::optional<std::string> demangle_rust_legacy(std::string_view name) {
  constexpr std::size_t kHash = 16;
  constexpr std::size_t kEnd = 3 + kHash + 1;  // "17h", the hash, "E"
  if (std::size_t suffix = name.rfind("E."); suffix != std::string_view::npos)
    name = name.substr(0, suffix + 1);
  if (!name.starts_with("_ZN") || !name.ends_with('E') || name.size() <= 3 + kEnd) return std::nullopt;
  std::string_view rest = name.substr(3, name.size() - 3 - kEnd);
  std::string_view end = name.substr(name.size() - kEnd);
  if (!end.starts_with("17h") || !is_hash(end.substr(3, kHash))) return std::nullopt;
  std::string text;
  while (!rest.empty()) {
    std::optional<std::string_view> part = next_part(rest);
    if (!part) return std::nullopt;
    if (!text.empty()) text += "::";
    append_unescaped(*part, text);
  }
  return text;
}

}  // namespace weir::profiler
