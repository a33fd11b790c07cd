#include "components/relabel/expand.h"

#include "base/utf8.h"
#include "lang/text.h"

namespace weir::relabel {
namespace {

// Length of the run of letters, digits and '_' (of all of Unicode) at the start.
std::size_t name_length(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size()) {
    Rune rune = decode_rune(text, length);
    if (!lang::is_letter(rune.code) && !lang::is_digit(rune.code) && rune.code != '_') break;
    length += rune.size;
  }
  return length;
}

struct Name {
  std::string_view text;
  std::size_t length = 0;  // with the braces; 0: not a name
};

Name read_name(std::string_view text) {
  bool braced = text.starts_with('{');
  if (braced) text.remove_prefix(1);
  std::size_t length = name_length(text);
  if (length == 0) return {};
  Name name{.text = text.substr(0, length), .length = length};
  if (!braced) return name;
  if (length == text.size() || text[length] != '}') return {};
  name.length += 2;
  return name;
}

int group_of(std::string_view name, const Matcher& regex) {
  bool number = name.size() <= 8 && (name[0] != '0' || name.size() == 1);
  int index = 0;
  for (char c : name) {
    number = number && c >= '0' && c <= '9';
    if (number) index = index * 10 + (c - '0');
  }
  if (number) return static_cast<std::size_t>(index) <= regex.group_count() ? index : -1;
  return regex.group_named(name);
}

}  // namespace

Template::Template(std::string_view text, const Matcher& regex) {
  for (;;) {
    std::size_t dollar = text.find('$');
    if (dollar == std::string_view::npos) break;
    tail_ += text.substr(0, dollar);
    text.remove_prefix(dollar + 1);
    if (text.starts_with('$')) {
      tail_ += '$';
      text.remove_prefix(1);
      continue;
    }
    Name name = read_name(text);
    if (name.length == 0) {
      tail_ += '$';
      continue;
    }
    text.remove_prefix(name.length);
    parts_.push_back({std::move(tail_), group_of(name.text, regex)});
    tail_.clear();
  }
  tail_ += text;
}

void Template::expand(const Matcher::Groups& groups, std::string& out) const {
  for (const auto& [before, group] : parts_) {
    out += before;
    if (group >= 0) out += groups[static_cast<std::size_t>(group)];
  }
  out += tail_;
}

}  // namespace weir::relabel
