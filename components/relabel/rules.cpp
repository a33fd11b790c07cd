#include "components/relabel/rules.h"

#include <openssl/evp.h>

#include <array>
#include <utility>

#include "base/utf8.h"
#include "components/relabel/labels.h"
#include "components/relabel/names.h"
#include "lang/text.h"

namespace weir::relabel {
namespace {

// The last eight bytes of the MD5 sum, as Prometheus takes them: existing
// configs shard by this very number.
std::uint64_t hash_of(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_md5(), nullptr);
  std::uint64_t hash = 0;
  for (std::size_t i = 8; i < 16; ++i) hash = hash << 8 | digest[i];
  return hash;
}

// Letter by letter: "ß" stays what it is.
template <class Change>
std::string each_letter(std::string_view text, Change change) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    Rune rune = decode_rune(text, at);
    append_utf8(out, change(rune.code));
    at += rune.size;
  }
  return out;
}

Action action_named(std::string_view name) {
  constexpr std::pair<std::string_view, Action> kNames[] = {
      {"replace", Action::replace},
      {"keep", Action::keep},
      {"drop", Action::drop},
      {"keepequal", Action::keep_equal},
      {"dropequal", Action::drop_equal},
      {"hashmod", Action::hash_modulo},
      {"lowercase", Action::lower_case},
      {"uppercase", Action::upper_case},
      {"labelmap", Action::label_map},
      {"labeldrop", Action::label_drop},
      {"labelkeep", Action::label_keep},
  };
  for (const auto& [known, action] : kNames) {
    if (known == name) return action;
  }
  return Action::replace;
}

Matcher matcher_of(Result<Matcher> compiled) {
  return compiled ? *std::move(compiled) : Matcher();  // validate() has refused it
}

}  // namespace

Rule::Rule(const RuleArguments& arguments)
    : Rule(arguments, matcher_of(Matcher::compile(arguments.regex, arguments.dialect))) {}

Rule Rule::plain(const RuleArguments& arguments) {
  return Rule(arguments, matcher_of(Matcher::compile_plain(arguments.regex, arguments.dialect)));
}

Rule::Rule(const RuleArguments& arguments, Matcher matcher)
    : arguments_(arguments),
      action_(action_named(arguments.action)),
      matcher_(std::move(matcher)),
      target_label_(arguments.target_label, matcher_),
      replacement_(arguments.replacement, matcher_) {}

bool Rule::may_write(std::string_view name) const {
  return is_legacy() ? is_legacy_name(name) : is_utf8_name(name);
}

std::string Rule::computed(std::string_view text) const {
  if (action_ == Action::lower_case) return each_letter(text, lang::to_lower);
  if (action_ == Action::upper_case) return each_letter(text, lang::to_upper);
  return fmt::format("{}", hash_of(text) % arguments_.modulus);
}

std::string Rule::joined(const Labels& labels) const {
  std::string text;
  for (const auto& name : arguments_.source_labels.names) {
    if (&name != &arguments_.source_labels.names.front()) text += arguments_.separator;
    text += labels.get(name);
  }
  return text;
}

Effect Rule::apply(Labels& labels) const {
  switch (action_) {
    case Action::replace: return replace(labels);
    case Action::keep:
    case Action::drop: {
      bool matched = matcher_.matches(joined(labels));
      return {.is_kept = matched == (action_ == Action::keep), .matched = matched};
    }
    case Action::keep_equal:
    case Action::drop_equal: {
      bool are_equal = joined(labels) == labels.get(arguments_.target_label);
      return {.is_kept = are_equal == (action_ == Action::keep_equal), .matched = are_equal};
    }
    case Action::hash_modulo:
    case Action::lower_case:
    case Action::upper_case:
      labels.set(arguments_.target_label, computed(joined(labels)));
      return {.matched = true};
    case Action::label_map: return map_names(labels);
    case Action::label_drop:
    case Action::label_keep: return remove_names(labels);
  }
  return {};
}

Effect Rule::replace(Labels& labels) const {
  std::string text = joined(labels);
  Matcher::Groups groups;
  if (!matcher_.match(text, groups)) return {};
  std::string name, value;
  target_label_.expand(groups, name);
  replacement_.expand(groups, value);
  if (!may_write(name)) {
    // The agent removes the label that is called as the template is written.
    if (is_legacy()) labels.remove(arguments_.target_label);
  } else if (value.empty()) {
    labels.remove(is_legacy() ? arguments_.target_label : name);
  } else {
    labels.set(name, value);
  }
  return {.matched = true};
}

Effect Rule::map_names(Labels& labels) const {
  // What the rule adds is not walked: all changes come after the walk.
  std::vector<Labels::Label> additions;
  Matcher::Groups groups;
  for (const auto& [name, value] : labels.all()) {
    if (!matcher_.match(name, groups)) continue;
    additions.emplace_back("", value);
    replacement_.expand(groups, additions.back().first);
  }
  for (const auto& [name, value] : additions) labels.set(name, value);
  return {.matched = !additions.empty()};
}

Effect Rule::remove_names(Labels& labels) const {
  Effect effect;
  std::vector<std::string> names;
  for (const auto& [name, value] : labels.all()) {
    bool matched = matcher_.matches(name);
    effect.matched = effect.matched || matched;
    if (matched == (action_ == Action::label_drop)) names.emplace_back(name);
  }
  for (const auto& name : names) labels.remove(name);
  return effect;
}

std::shared_ptr<const Rules> Rules::compile(const std::vector<RuleArguments>& rules) {
  auto compiled = std::make_shared<Rules>();
  compiled->rules_.reserve(rules.size());
  for (const auto& rule : rules) compiled->rules_.emplace_back(rule);
  return compiled;
}

std::shared_ptr<const Rules> Rules::compile_plain(const std::vector<RuleArguments>& rules) {
  auto compiled = std::make_shared<Rules>();
  for (const auto& rule : rules) compiled->rules_.push_back(Rule::plain(rule));
  return compiled;
}

Rules::Outcome Rules::run(const discovery::TargetPtr& target) const {
  Labels labels(target);
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    if (!rules_[i].apply(labels).is_kept) return {.target = nullptr, .dropped_by = i};
  }
  return {.target = labels.finish()};
}

void Rules::walk(const discovery::TargetPtr& target,
                 const std::function<bool(const Rule&, const Step&)>& each) const {
  Labels labels(target);
  Step step{.before = target, .after = nullptr};
  for (const Rule& rule : rules_) {
    Effect effect = rule.apply(labels);
    step.matched = effect.matched;
    step.after = effect.is_kept ? labels.finish() : nullptr;
    if (step.after && *step.after == *step.before) step.after = step.before;
    if (!each(rule, step) || !effect.is_kept) return;
    step.before = step.after;
  }
}

}  // namespace weir::relabel
