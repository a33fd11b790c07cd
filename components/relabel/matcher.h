// Matcher: a rule's regex, as Go reads it, that text must match from end to
// end. Most that people write need no automaton: (.+), Running|Pending,
// prefix_(.*), (.*)@(.*); and for most of the others short texts are tried
// without one. The rest goes to RE2.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lang/source.h"

namespace re2 {
class RE2;
}

namespace weir::relabel {

class SmallRegex;

class Matcher {
 public:
  // The whole match first; what did not take part is empty.
  using Groups = std::vector<std::string_view>;

  // Against "no match".
  Matcher() = default;
  static Result<Matcher> compile(std::string_view regex, lang::Dialect dialect);
  // By RE2, whatever it is: what the others are measured by.
  static Result<Matcher> compile_plain(std::string_view regex, lang::Dialect dialect);

  bool matches(std::string_view text) const;
  bool match(std::string_view text, Groups& groups) const;

  std::size_t group_count() const { return group_count_; }  // without the whole match
  int group_named(std::string_view name) const;             // -1: there is none
  // Whether the group, where there is a match, is all of the text.
  bool is_whole(std::size_t group) const;
  bool needs_re2() const { return form_ == Form::re2; }

 private:
  enum class Form { nothing, words, wildcards, small, re2 };
  // Anything, of at least so many bytes; and what stands behind it.
  struct Wildcard {
    std::size_t least = 0;
    bool is_captured = false;
    std::string behind;
  };

  bool recognise(std::string_view regex, lang::Dialect dialect);
  bool read_words(std::string_view regex);
  bool read_wildcards(std::string_view regex);
  bool match_words(std::string_view text) const;
  bool match_wildcards(std::string_view text, std::array<std::string_view, 2>& found) const;
  bool match_any(std::string_view text, Groups* groups) const;
  bool match_re2(std::string_view text, Groups* groups) const;
  bool match_repaired(std::string_view text, Groups* groups) const;

  Form form_ = Form::nothing;
  bool dot_is_newline_ = false;
  std::size_t group_count_ = 0;
  std::vector<std::string> words_;
  std::string before_;  // the first wildcard
  std::vector<Wildcard> wildcards_;
  std::shared_ptr<const SmallRegex> small_;
  std::shared_ptr<const re2::RE2> regex_;
};

}  // namespace weir::relabel
