#include "components/discovery/kubernetes_selector.h"

#include <algorithm>
#include <string>

namespace weir::discovery {
namespace {

bool is_word_character(char c) {
  bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return letter || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '/';
}

// Reads a selector of labels from left to right.
class LabelSelector {
 public:
  explicit LabelSelector(std::string_view text) : rest_(text) {}

  Result<> check() {
    if (at_end()) return {};
    for (;;) {
      if (auto one = requirement(); !one) return one;
      if (at_end()) return {};
      if (!take(",")) return unexpected("a comma");
    }
  }

 private:
  Result<> requirement() {
    bool is_absence = take("!");
    if (word().empty()) return unexpected("the name of a label");
    if (is_absence || at_end() || rest_.front() == ',') return {};
    for (std::string_view sign : {"==", "!=", "=", ">", "<"}) {
      if (!take(sign)) continue;
      (void)word();  // may be empty
      return {};
    }
    std::string_view before = rest_;
    std::string_view set = word();
    if (set == "in" || set == "notin") return values();
    rest_ = before;
    return unexpected("=, !=, in or notin");
  }

  Result<> values() {
    if (!take("(")) return unexpected("values in parentheses");
    do {
      (void)word();
    } while (take(","));
    if (!take(")")) return unexpected("a closing parenthesis");
    return {};
  }

  void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size())); }
  bool at_end() {
    skip_blanks();
    return rest_.empty();
  }
  bool take(std::string_view what) {
    skip_blanks();
    if (!rest_.starts_with(what)) return false;
    rest_.remove_prefix(what.size());
    return true;
  }
  std::string_view word() {
    skip_blanks();
    std::size_t size = 0;
    while (size < rest_.size() && is_word_character(rest_[size])) ++size;
    std::string_view found = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return found;
  }
  std::unexpected<Error> unexpected(std::string_view wanted) const {
    if (rest_.empty()) return fail("{} is missing at the end", wanted);
    return fail("{} is missing before \"{}\"", wanted, rest_.substr(0, 20));
  }

  std::string_view rest_;
};

// The next piece up to a comma without a backslash before it.
std::string_view next_term(std::string_view& rest) {
  std::size_t end = 0;
  while (end < rest.size() && rest[end] != ',') end += rest[end] == '\\' ? 2 : 1;
  end = std::min(end, rest.size());
  std::string_view term = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return term;
}

}  // namespace

Result<> check_label_selector(std::string_view text) {
  return LabelSelector(text).check();
}

Result<> check_field_selector(std::string_view text) {
  while (!text.empty()) {
    std::string_view term = next_term(text);
    std::size_t sign = term.find('=');
    if (term.empty()) continue;
    if (sign == std::string_view::npos) return fail("\"{}\" is not of the form field=value", term);
    std::string_view field = term.substr(0, sign);
    if (field.empty() || field == "!") return fail("\"{}\" names no field", term);
  }
  return {};
}

}  // namespace weir::discovery
