#include "components/relabel/go_regex.h"

#include <re2/re2.h>

namespace weir::relabel {
namespace {

// Copies an expression token by token, so that what looks like a group inside
// a character class or a quotation is left alone.
class Translation {
 public:
  explicit Translation(std::string_view regex) : rest_(regex) {}

  Result<std::string> run() {
    while (!rest_.empty()) {
      if (rest_.starts_with("\\Q")) {
        quotation();
      } else if (rest_.starts_with("\\C")) {
        return fail("invalid escape sequence: `\\C`");
      } else if (rest_.starts_with('\\')) {
        take(2);
      } else if (rest_.starts_with('[')) {
        character_class();
      } else if (is_named_group()) {
        out_ += "(?P<";
        rest_.remove_prefix(3);
      } else {
        take(1);
      }
    }
    return std::move(out_);
  }

 private:
  void take(std::size_t count) {
    out_ += rest_.substr(0, count);
    rest_.remove_prefix(std::min(count, rest_.size()));
  }
  // Not the look-behinds (?<= and (?<!, which neither side accepts.
  bool is_named_group() const {
    return rest_.starts_with("(?<") && rest_.size() > 3 && rest_[3] != '=' && rest_[3] != '!';
  }
  void quotation() {
    std::size_t end = rest_.find("\\E", 2);
    take(end == std::string_view::npos ? rest_.size() : end + 2);
  }
  void character_class() {
    take(1);
    if (rest_.starts_with('^')) take(1);
    if (rest_.starts_with(']')) take(1);  // the first one is a member
    while (!rest_.empty() && rest_[0] != ']') {
      std::size_t end = rest_.starts_with("[:") ? rest_.find(":]") : std::string_view::npos;
      if (end != std::string_view::npos) {
        take(end + 2);
      } else {
        take(rest_[0] == '\\' ? 2 : 1);
      }
    }
    take(1);
  }

  std::string_view rest_;
  std::string out_;
};

}  // namespace

Result<std::shared_ptr<const re2::RE2>> compile_anchored(std::string_view regex, lang::Dialect dialect) {
  auto translated = Translation(regex).run();
  if (!translated) return std::unexpected(translated.error());
  std::string_view open = dialect == lang::Dialect::alloy ? "^(?s:" : "^(?:";
  re2::RE2::Options options;
  options.set_log_errors(false);
  auto compiled = std::make_shared<const re2::RE2>(std::string(open) + *translated + ")$", options);
  if (!compiled->ok()) {
    // The whole of it, with what was put around it, is no news.
    std::string why = compiled->error();
    std::string whole = ": " + compiled->pattern();
    if (why.ends_with(whole)) why.resize(why.size() - whole.size());
    return fail("{}", why);
  }
  return compiled;
}

}  // namespace weir::relabel
