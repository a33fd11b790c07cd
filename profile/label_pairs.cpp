#include "profile/label_pairs.h"

#include <algorithm>

namespace weir::profile {
namespace {

class PairReader {
 public:
  explicit PairReader(std::string_view text) : rest_(text) {}

  void skip_spaces() {
    while (rest_.starts_with(' ')) rest_.remove_prefix(1);
  }
  bool take(char c) {
    skip_spaces();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string name() {
    skip_spaces();
    std::size_t end = std::min(rest_.find_first_of("=\"{}, "), rest_.size());
    std::string name(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return name;
  }
  // Behind its first quote; false when there is no last one.
  bool value(std::string& value) {
    while (!rest_.empty()) {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return true;
      if (c == '\\' && !rest_.empty()) {
        c = rest_.front() == 'n' ? '\n' : rest_.front();
        rest_.remove_prefix(1);
      }
      value += c;
    }
    return false;
  }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

}  // namespace

Result<std::vector<Labels::Pair>> parse_label_pairs(std::string_view text) {
  PairReader in(text);
  std::vector<Labels::Pair> pairs;
  bool ok = in.take('{');
  for (bool more = ok && !in.take('}'); more;) {
    auto& [name, value] = pairs.emplace_back(in.name(), std::string());
    ok = !name.empty() && in.take('=') && in.take('"') && in.value(value);
    more = ok && in.take(',');
    if (!more) ok = ok && in.take('}');
  }
  in.skip_spaces();
  if (ok && in.at_end()) return pairs;
  return fail("\"{}\" does not read {{name=\"value\",…}}", text);
}

}  // namespace weir::profile
