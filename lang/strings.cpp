#include "lang/strings.h"

#include <algorithm>

#include "lang/text.h"

namespace weir::lang {
namespace {

template <class Drop>
std::string trim_if(std::string_view text, Drop drop) {
  while (!text.empty()) {
    Rune rune = decode_rune(text);
    if (!drop(rune.code)) break;
    text.remove_prefix(rune.size);
  }
  while (!text.empty()) {
    // The last rune begins at most four bytes before the end; a byte that ends none stands alone.
    std::size_t begin = text.size() - 1;
    for (std::size_t back = 1; back <= std::min<std::size_t>(4, text.size()); ++back) {
      Rune rune = decode_rune(text, text.size() - back);
      if (rune.valid && rune.size == back) begin = text.size() - back;
    }
    if (!drop(decode_rune(text, begin).code)) break;
    text = text.substr(0, begin);
  }
  return std::string(text);
}

std::vector<char32_t> runes_of(std::string_view text) {
  std::vector<char32_t> runes;
  for (std::size_t at = 0; at < text.size();) {
    Rune rune = decode_rune(text, at);
    runes.push_back(rune.code);
    at += rune.size;
  }
  return runes;
}

}  // namespace

std::string replace_all(std::string_view text, std::string_view old, std::string_view by) {
  std::string out;
  if (old.empty()) {
    out += by;
    for (std::size_t at = 0; at < text.size();) {
      std::uint32_t size = decode_rune(text, at).size;
      out += text.substr(at, size);
      out += by;
      at += size;
    }
    return out;
  }
  for (;;) {
    std::size_t found = text.find(old);
    if (found == std::string_view::npos) return out += text;
    out += text.substr(0, found);
    out += by;
    text.remove_prefix(found + old.size());
  }
}

std::size_t count_parts(std::string_view text, std::string_view separator) {
  if (separator.empty()) return text.size();
  std::size_t parts = 1;
  for (auto at = text.find(separator); at != text.npos; at = text.find(separator, at + separator.size()))
    ++parts;
  return parts;
}

std::vector<std::string> split(std::string_view text, std::string_view separator) {
  std::vector<std::string> parts;
  if (separator.empty()) {
    for (std::size_t at = 0; at < text.size();) {
      Rune rune = decode_rune(text, at);
      parts.emplace_back(text.substr(at, rune.size));
      at += rune.size;
    }
    return parts;
  }
  for (;;) {
    std::size_t found = text.find(separator);
    parts.emplace_back(text.substr(0, found));
    if (found == std::string_view::npos) return parts;
    text.remove_prefix(found + separator.size());
  }
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += separator;
    out += parts[i];
  }
  return out;
}

std::string map_runes(std::string_view text, char32_t (*map)(char32_t)) {
  std::string out;
  bool changed = false;
  for (std::size_t at = 0; at < text.size();) {
    Rune rune = decode_rune(text, at);
    char32_t mapped = map(rune.code);
    changed = changed || mapped != rune.code || !rune.valid;
    append_utf8(out, mapped);
    at += rune.size;
  }
  return changed ? out : std::string(text);
}

std::string trim(std::string_view text, std::string_view cutset) {
  std::vector<char32_t> cut = runes_of(cutset);
  return trim_if(text, [&](char32_t code) { return std::ranges::find(cut, code) != cut.end(); });
}

std::string trim_space(std::string_view text) {
  return trim_if(text, is_space);
}

std::string join_path(const std::vector<std::string>& parts) {
  std::string path;
  for (const std::string& part : parts) {
    if (part.empty()) continue;
    if (!path.empty()) path += '/';
    path += part;
  }
  if (path.empty()) return path;
  bool rooted = path[0] == '/';
  std::vector<std::string> kept;
  for (std::string& part : split(path, "/")) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      kept.push_back(std::move(part));
    } else if (!kept.empty() && kept.back() != "..") {
      kept.pop_back();
    } else if (!rooted) {
      kept.push_back("..");
    }
  }
  std::string clean = (rooted ? "/" : "") + join(kept, "/");
  return clean.empty() ? "." : clean;
}

}  // namespace weir::lang
