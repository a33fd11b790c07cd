// The quick ways of relabelling against the plain one.
#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "components/relabel/matcher.h"
#include "components/relabel/program.h"
#include "components/relabel/rules.h"

using weir::discovery::Target;
using weir::discovery::TargetPtr;
using weir::lang::Dialect;
using weir::relabel::Matcher;
using weir::relabel::Program;
using weir::relabel::RuleArguments;
using weir::relabel::Rules;

namespace {

constexpr const char* kRegexes[] = {
    "",
    "(.*)",
    "(.+)",
    ".*",
    ".+",
    "a",
    "a|b",
    "(a|b|)",
    "(?:a|bc)",
    "a(.*)",
    "a(.+)b",
    "(.*)b",
    "(.*);(.*)",
    "(.+);(.+)",
    "(.*)b.*",
    "a.+;(.*)c",
    "x_(.+)",
    "(.+?)(?::\\d+)?;(\\d+)",
    "a\\.b",
    "(.*)\\.(.*)",
    "[ab]+(c?)",
    "(?P<n>.)(?<m>.*)",
    "(?i)A(.*)",
    "(a*)(b*)",
    ".",
    "...",
    "a.b",
    "(.*)(.*)",
    "(.*)a(.*)b(.*)",
    "é(.*)",
    "(.+)|a",
    "a.*|b",
    "x+",
    "(x.*)",
    "a|b*",
    "(.*)\\n",
    "^a$|^b",
    "([^:;]+)(?::(\\d+))?;?(.*)",
    "(a|ab)(c|bcd|)(.*?)",
    "a{2}b?",
    "(\\w{1,2})(\\W?)(.*)",
    "(.)??.*",
    "([a-c]*?)([a-z;]{1,3})",
    "((a)|b)+",
    "(?:(a)|(b)|c)*",
    "(a?)(a?)b{0}",
    "[^\\s-]+",
    "[[:alpha:]]+",
    "(.+)-[0-9a-f]{8,10}",
};
constexpr const char* kTexts[] = {
    "",        "a",    "b",         "ab",     "abc",   ";",   "a;",    ";b",   "a;b", "a;b;c",
    "x_a",     "x_",   "host:80;9", "host;9", "a.b",   "axb", "1.2.3", "é",    "éa",  "\xff",
    "a\xff;b", "a\nb", "\n",        "a\n",    "bcbcb", "aab", "A",     "a;;b", "b;c", "a.b.c",
};

bool same_match(const Matcher& quick, const Matcher& plain, std::string_view text) {
  Matcher::Groups a, b;
  bool matched = quick.match(text, a);
  return matched == plain.match(text, b) && matched == quick.matches(text) && (!matched || a == b);
}

class Dice {
 public:
  explicit Dice(std::uint32_t seed) : random_(seed) {}
  std::size_t below(std::size_t limit) { return random_() % limit; }
  template <class T, std::size_t N>
  T one_of(const T (&from)[N]) {
    return from[below(N)];
  }

 private:
  std::mt19937 random_;
};

std::string any_regex(Dice& dice, int depth) {
  constexpr const char* kCharacters[] = {"a", "b", ";", ".", "[ab]", "[^a]", "\\d", "\\w", "\\W", "[a-b;]"};
  constexpr const char* kCounts[] = {"",   "",   "",    "*",     "+",     "?",    "*?",
                                     "+?", "??", "{2}", "{1,2}", "{1,}?", "{0,2}"};
  std::string regex;
  for (std::size_t parts = 1 + dice.below(4); parts > 0; --parts) {
    if (depth > 0 && dice.below(3) == 0) {
      regex += dice.below(2) == 0 ? "(" : "(?:";
      regex += any_regex(dice, depth - 1) + ")";
      if (dice.below(3) == 0) regex += dice.below(2) == 0 ? "?" : "*";
    } else {
      regex += std::string(dice.one_of(kCharacters)) + dice.one_of(kCounts);
    }
    if (dice.below(6) == 0) regex += "|";
  }
  return regex;
}

constexpr const char* kNames[] = {"a", "b", "c", "x_a", "x_b", "x_c", "__y", "z9"};
constexpr const char* kActions[] = {"replace",   "replace",   "replace",  "keep",      "drop",
                                    "keepequal", "dropequal", "hashmod",  "lowercase", "uppercase",
                                    "labelmap",  "labeldrop", "labelkeep"};
constexpr const char* kReplacements[] = {"$1", "$0",   "",     "lit", "$1-$2", "${1}_x",
                                         "$n", "x_$1", "$1$1", "$$",  "$2"};
constexpr const char* kLabels[] = {"a", "b", "new", "x_$1", "$1", "${1}", "$1_t", "x_c"};

RuleArguments any_rule(Dice& dice) {
  RuleArguments rule;
  rule.dialect = dice.below(2) == 0 ? Dialect::river : Dialect::alloy;
  rule.action = dice.one_of(kActions);
  bool by_name = rule.action == "labeldrop" || rule.action == "labelkeep";
  bool is_equality = rule.action == "keepequal" || rule.action == "dropequal";
  if (!is_equality && dice.below(3) > 0) rule.regex = dice.one_of(kRegexes);
  if (by_name) return rule;
  rule.source_labels.written = true;
  for (std::size_t i = dice.below(3); i > 0; --i) rule.source_labels.names.emplace_back(dice.one_of(kNames));
  rule.target_label = dice.one_of(kLabels);
  if (rule.action == "replace" || rule.action == "labelmap") rule.replacement = dice.one_of(kReplacements);
  if (rule.action == "hashmod") rule.modulus = 3;
  return rule;
}

std::vector<RuleArguments> any_rules(Dice& dice) {
  std::vector<RuleArguments> rules;
  std::size_t count = 1 + dice.below(6);
  while (rules.size() < count) {
    RuleArguments rule = any_rule(dice);
    weir::lang::Problems problems;
    validate(rule, problems);
    if (problems.all().empty()) rules.push_back(std::move(rule));
  }
  return rules;
}

TargetPtr any_target(Dice& dice) {
  std::vector<Target::Label> labels;
  for (const char* name : kNames) {
    if (dice.below(3) > 0) labels.emplace_back(name, dice.one_of(kTexts));
  }
  return Target::make(std::move(labels));
}

std::string text_of(const Rules::Outcome& outcome) {
  if (!outcome.target) return "dropped by " + std::to_string(outcome.dropped_by);
  std::string text;
  for (const auto& [name, value] : outcome.target->labels()) {
    text.append(name).append("=").append(value).append(" ");
  }
  return text;
}

std::string text_of(const std::vector<RuleArguments>& rules) {
  std::string text;
  for (const auto& rule : rules) {
    text += rule.action + " regex=" + rule.regex + " target=" + rule.target_label + " to=" + rule.replacement;
    for (const auto& name : rule.source_labels.names) text += " of " + name;
    text += rule.dialect == Dialect::alloy ? " (alloy)\n" : "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("relabel: a regex that needs no automaton matches what RE2 matches") {
  std::size_t quick_ones = 0;
  for (auto dialect : {Dialect::river, Dialect::alloy}) {
    for (const char* regex : kRegexes) {
      auto quick = Matcher::compile(regex, dialect);
      auto plain = Matcher::compile_plain(regex, dialect);
      REQUIRE(quick);
      REQUIRE(plain);
      if (!quick->needs_re2()) ++quick_ones;
      CHECK(quick->group_count() == plain->group_count());
      for (const char* text : kTexts) {
        CAPTURE(regex);
        CAPTURE(text);
        CHECK(same_match(*quick, *plain, text));
      }
    }
  }
  CHECK(quick_ones >= 36);
}

TEST_CASE("relabel: whatever regex is tried without an automaton matches what RE2 matches") {
  std::size_t matches = 0;
  for (std::uint32_t seed = 0; seed < 3000; ++seed) {
    Dice dice(seed);
    std::string regex = any_regex(dice, 2);
    auto dialect = dice.below(2) == 0 ? Dialect::river : Dialect::alloy;
    auto quick = Matcher::compile(regex, dialect);
    auto plain = Matcher::compile_plain(regex, dialect);
    REQUIRE(quick.has_value() == plain.has_value());
    for (int i = 0; quick && i < 20; ++i) {
      std::string text;
      for (std::size_t length = dice.below(9); length > 0; --length) text += "aab;1\n"[dice.below(6)];
      CAPTURE(regex);
      CAPTURE(text);
      REQUIRE(same_match(*quick, *plain, text));
      if (quick->matches(text)) ++matches;
    }
  }
  CHECK(matches > 5000);
}

TEST_CASE("relabel: bytes that are no UTF-8 are characters, as in Go") {
  auto matcher = Matcher::compile_plain("a(.)(b*)(.*)", Dialect::river);
  REQUIRE(matcher);
  Matcher::Groups groups;
  REQUIRE(
      matcher->match("a\xff"
                     "bb\xfe\xfd",
                     groups));
  CHECK(groups == Matcher::Groups{"a\xff"
                                  "bb\xfe\xfd",
                                  "\xff", "bb", "\xfe\xfd"});
}

TEST_CASE("relabel: a program does to targets what the rules do, whatever they are") {
  for (std::uint32_t seed = 0; seed < 3000; ++seed) {
    Dice dice(seed);
    auto arguments = any_rules(dice);
    Program program(Rules::compile(arguments));
    // Behind another: its targets have a base.
    auto after = any_rules(dice);
    Program next(Rules::compile(after));
    auto plain = Rules::compile_plain(arguments), plain_next = Rules::compile_plain(after);
    CAPTURE(seed);
    CAPTURE(text_of(arguments));
    CAPTURE(text_of(after));
    for (int i = 0; i < 20; ++i) {
      TargetPtr target = any_target(dice);
      auto outcome = program.run(target), wanted = plain->run(target);
      REQUIRE(text_of(outcome) == text_of(wanted));
      if (!wanted.target) continue;
      REQUIRE(*outcome.target == *wanted.target);
      REQUIRE(outcome.target->hash() == wanted.target->hash());
      auto second = next.run(outcome.target), second_wanted = plain_next->run(wanted.target);
      REQUIRE(text_of(second) == text_of(second_wanted));
      if (second.target) REQUIRE(second.target->hash() == second_wanted.target->hash());
    }
  }
}

TEST_CASE("relabel: more courses than a program remembers") {
  RuleArguments rule;
  rule.source_labels.names = {"a"};
  rule.target_label = "b";
  Program program(Rules::compile({rule}));
  for (int round = 0; round < 2; ++round) {
    program.make_room();
    for (int i = 0; i < 12000; ++i) {
      auto target = Target::make({{"a", "1"}, {"only_" + std::to_string(i) + std::string(200, 'x'), "2"}});
      auto outcome = program.run(target);
      REQUIRE(outcome.target);
      REQUIRE(outcome.target->get("b") == "1");
      REQUIRE(outcome.target->size() == 3);
    }
  }
}

TEST_CASE("relabel: what each rule does to a target") {
  RuleArguments copies;
  copies.source_labels.names = {"a"};
  copies.target_label = "b";
  RuleArguments misses = copies;
  misses.regex = "nothing";
  RuleArguments drops;
  drops.action = "drop";
  drops.source_labels.names = {"b"};
  drops.regex = "1";
  auto target = Target::make({{"a", "1"}});
  std::vector<Rules::Step> steps;
  Rules::compile({copies, misses, drops, copies})->walk(target, [&](const auto&, const Rules::Step& step) {
    steps.push_back(step);
    return true;
  });
  REQUIRE(steps.size() == 3);
  CHECK(steps[0].before == target);
  CHECK(steps[0].matched);
  CHECK(*steps[0].after == *Target::make({{"a", "1"}, {"b", "1"}}));
  CHECK_FALSE(steps[1].matched);
  CHECK(steps[1].after == steps[1].before);
  CHECK(steps[1].before == steps[0].after);
  CHECK(steps[2].matched);
  CHECK_FALSE(steps[2].after);
}
