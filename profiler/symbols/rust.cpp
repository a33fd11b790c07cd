#include "profiler/symbols/rust.h"

#include <cctype>
#include <charconv>
#include <cstdlib>
#include <memory>
#include <vector>

#include "llvm/Demangle/Demangle.h"

namespace weir::profiler {
namespace {

constexpr std::size_t kMaxText = 64u << 10;

struct Escape {
  std::string_view code;
  std::string_view text;
};

constexpr Escape kEscapes[] = {{"$SP$", "@"}, {"$BP$", "*"}, {"$RF$", "&"}, {"$LT$", "<"},
                               {"$GT$", ">"}, {"$LP$", "("}, {"$RP$", ")"}, {"$C$", ","}};

// "$u7b$" is the character with that number; only printable ASCII is made of it.
bool unescape_number(std::string_view& part, std::string& text) {
  std::size_t end = part.find('$', 1);
  if (!part.starts_with("$u") || end == std::string_view::npos) return false;
  unsigned code = 0;
  auto [at, error] = std::from_chars(part.data() + 2, part.data() + end, code, 16);
  if (error != std::errc{} || at != part.data() + end || code < 0x20 || code > 0x7e) return false;
  text += static_cast<char>(code);
  part.remove_prefix(end + 1);
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
    } else if (part[0] != '$' || !(unescape_word(part, text) || unescape_number(part, text))) {
      text += part[0];
      part.remove_prefix(1);
    }
  }
}

// "17h" and sixteen hexadecimal digits.
bool is_hash(std::string_view part) {
  return part.size() == 17 && part[0] == 'h' &&
         part.find_first_not_of("0123456789abcdef", 1) == std::string_view::npos;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// How long the text of a v0 name may become: a back reference stands for what
// was there before, which may have back references of its own.
std::size_t v0_bound(std::string_view name) {
  std::vector<std::size_t> cost(name.size() + 1);  // of everything before a place
  for (std::size_t i = 0; i < name.size(); ++i) {
    std::size_t here = 4;
    std::size_t digits = i + 1;
    if (name[i] == 'B') {
      std::size_t target = 0;
      while (digits < name.size() && std::isalnum(static_cast<unsigned char>(name[digits])) != 0) {
        char c = name[digits++];
        std::size_t value = is_digit(c) ? c - '0' : c >= 'a' ? c - 'a' + 10 : c - 'A' + 36;
        target = std::min(target * 62 + value + 1, name.size());
      }
      // Positions count from behind "_R".
      target = std::min(digits == i + 1 ? 2 : target + 2, name.size());
      if (digits < name.size() && name[digits] == '_' && target < i) here += cost[i] - cost[target];
    }
    cost[i + 1] = std::min<std::size_t>(cost[i] + here, 1u << 30);
  }
  return cost.back();
}

// "sort::<&str>" to "sort::<>".
std::string without_arguments(std::string_view text) {
  std::string out;
  std::size_t depth = 0;  // of <, once inside "::<"
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool arrow = text[i] == '>' && i > 0 && text[i - 1] == '-';
    if (depth == 0) {
      out += text[i];
      if (text[i] == '<' && out.ends_with("::<")) depth = 1;
    } else if (text[i] == '<') {
      ++depth;
    } else if (text[i] == '>' && !arrow && --depth == 0) {
      out += '>';
    }
  }
  return out;
}

struct Free {
  void operator()(char* text) const { std::free(text); }
};

}  // namespace

std::optional<std::string> demangle_rust_legacy(std::string_view name) {
  if (!name.starts_with("_ZN")) return std::nullopt;
  std::string_view rest = name.substr(3);
  std::string text;
  while (!rest.empty() && is_digit(rest[0])) {
    std::size_t length = 0;
    auto [at, error] = std::from_chars(rest.data(), rest.data() + rest.size(), length);
    rest.remove_prefix(static_cast<std::size_t>(at - rest.data()));
    if (error != std::errc{} || length == 0 || length > rest.size()) return std::nullopt;
    std::string_view part = rest.substr(0, length);
    rest.remove_prefix(length);
    if (rest.starts_with('E') && is_hash(part)) return text.empty() ? std::nullopt : std::optional(text);
    if (!text.empty()) text += "::";
    append_unescaped(part, text);
  }
  return std::nullopt;
}

std::optional<std::string> demangle_rust_v0(std::string_view name, Demangle mode) {
  if (v0_bound(name) > kMaxText) return std::nullopt;
  std::unique_ptr<char, Free> text(llvm::rustDemangle(name));
  if (!text) return std::nullopt;
  return mode == Demangle::simplified ? without_arguments(text.get()) : std::string(text.get());
}

}  // namespace weir::profiler
