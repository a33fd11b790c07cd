#include "components/relabel/rule.h"

#include <openssl/evp.h>
#include <re2/re2.h>

#include <array>
#include <optional>

#include "components/relabel/expand.h"
#include "components/relabel/go_regex.h"
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

}  // namespace

// One compiled rule. Each action is a function below; false means the target is dropped.
class Rules::Rule {
 public:
  Rule(const RuleArguments& args, lang::Dialect dialect);

  bool apply(Labels& labels) const { return (this->*action_)(labels); }

 private:
  using Action = bool (Rule::*)(Labels&) const;
  using Groups = std::vector<re2::StringPiece>;

  static Action action_named(std::string_view name);

  std::string joined(const Labels& labels) const;
  bool matches(std::string_view text) const;
  std::optional<Groups> groups_of(std::string_view text) const;

  bool replace(Labels& labels) const;
  bool keep(Labels& labels) const { return matches(joined(labels)); }
  bool drop(Labels& labels) const { return !matches(joined(labels)); }
  bool keep_equal(Labels& labels) const { return joined(labels) == labels.get(args_.target_label); }
  bool drop_equal(Labels& labels) const { return !keep_equal(labels); }
  bool hash_modulo(Labels& labels) const;
  bool lower_case(Labels& labels) const;
  bool upper_case(Labels& labels) const;
  bool label_map(Labels& labels) const;
  bool label_drop(Labels& labels) const;
  bool label_keep(Labels& labels) const;

  RuleArguments args_;
  lang::Dialect dialect_;
  bool matches_all_;  // the default regex, by far the most frequent: no need to ask RE2
  std::shared_ptr<const re2::RE2> regex_;
  Template target_, replacement_;
  Action action_;
};

Rules::Rule::Action Rules::Rule::action_named(std::string_view name) {
  constexpr std::pair<std::string_view, Action> kActions[] = {
      {"replace", &Rule::replace},
      {"keep", &Rule::keep},
      {"drop", &Rule::drop},
      {"keepequal", &Rule::keep_equal},
      {"dropequal", &Rule::drop_equal},
      {"hashmod", &Rule::hash_modulo},
      {"lowercase", &Rule::lower_case},
      {"uppercase", &Rule::upper_case},
      {"labelmap", &Rule::label_map},
      {"labeldrop", &Rule::label_drop},
      {"labelkeep", &Rule::label_keep},
  };
  for (const auto& [known, action] : kActions) {
    if (known == name) return action;
  }
  return &Rule::replace;
}

Rules::Rule::Rule(const RuleArguments& args, lang::Dialect dialect)
    : args_(args),
      dialect_(dialect),
      matches_all_(args.regex == RuleArguments().regex),
      action_(action_named(args.action)) {
  auto regex = compile_anchored(args.regex, dialect);
  regex_ = regex ? *regex : std::make_shared<const re2::RE2>("$^");  // validate() has refused it
  target_ = Template(args.target_label, *regex_);
  replacement_ = Template(args.replacement, *regex_);
}

std::string Rules::Rule::joined(const Labels& labels) const {
  std::string text;
  for (const auto& name : args_.source_labels.names) {
    if (&name != &args_.source_labels.names.front()) text += args_.separator;
    text += labels.get(name);
  }
  return text;
}

bool Rules::Rule::matches(std::string_view text) const {
  bool newlines = dialect_ == lang::Dialect::alloy;
  if (matches_all_ && (newlines || text.find('\n') == std::string_view::npos)) return true;
  re2::StringPiece piece(text.data(), text.size());
  return regex_->Match(piece, 0, piece.size(), re2::RE2::UNANCHORED, nullptr, 0);
}

std::optional<Rules::Rule::Groups> Rules::Rule::groups_of(std::string_view text) const {
  re2::StringPiece piece(text.data(), text.size());
  if (matches_all_) {
    if (!matches(text)) return std::nullopt;
    return Groups{piece, piece};
  }
  Groups groups(static_cast<std::size_t>(regex_->NumberOfCapturingGroups()) + 1);
  if (!regex_->Match(piece, 0, piece.size(), re2::RE2::UNANCHORED, groups.data(),
                     static_cast<int>(groups.size()))) {
    return std::nullopt;
  }
  return groups;
}

bool Rules::Rule::replace(Labels& labels) const {
  std::string text = joined(labels);
  auto groups = groups_of(text);
  if (!groups) return true;
  bool legacy = dialect_ == lang::Dialect::river;
  std::string name, value;
  target_.expand(groups->data(), name);
  replacement_.expand(groups->data(), value);
  if (!(legacy ? is_legacy_name(name) : is_utf8_name(name))) {
    // The agent removes the label that is called as the template is written.
    if (legacy) labels.remove(args_.target_label);
  } else if (value.empty()) {
    labels.remove(legacy ? args_.target_label : name);
  } else {
    labels.set(name, value);
  }
  return true;
}

bool Rules::Rule::hash_modulo(Labels& labels) const {
  labels.set(args_.target_label, fmt::format("{}", hash_of(joined(labels)) % args_.modulus));
  return true;
}

bool Rules::Rule::lower_case(Labels& labels) const {
  labels.set(args_.target_label, each_letter(joined(labels), lang::to_lower));
  return true;
}

bool Rules::Rule::upper_case(Labels& labels) const {
  labels.set(args_.target_label, each_letter(joined(labels), lang::to_upper));
  return true;
}

bool Rules::Rule::label_map(Labels& labels) const {
  // What the rule adds is not walked: all changes come after the walk.
  std::vector<Labels::Label> additions;
  for (const auto& [name, value] : labels.all()) {
    auto groups = groups_of(name);
    if (!groups) continue;
    additions.emplace_back("", value);
    replacement_.expand(groups->data(), additions.back().first);
  }
  for (const auto& [name, value] : additions) labels.set(name, value);
  return true;
}

bool Rules::Rule::label_drop(Labels& labels) const {
  std::vector<std::string> names;
  for (const auto& [name, value] : labels.all()) {
    if (matches(name)) names.emplace_back(name);
  }
  for (const auto& name : names) labels.remove(name);
  return true;
}

bool Rules::Rule::label_keep(Labels& labels) const {
  std::vector<std::string> names;
  for (const auto& [name, value] : labels.all()) {
    if (!matches(name)) names.emplace_back(name);
  }
  for (const auto& name : names) labels.remove(name);
  return true;
}

Rules::Rules() = default;
Rules::~Rules() = default;

std::shared_ptr<const Rules> Rules::compile(const std::vector<RuleArguments>& rules, lang::Dialect dialect) {
  std::shared_ptr<Rules> compiled(new Rules);
  for (const auto& rule : rules) compiled->rules_.push_back(std::make_unique<const Rule>(rule, dialect));
  return compiled;
}

Rules::Outcome Rules::run(const discovery::TargetPtr& target) const {
  Labels labels(target);
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    if (!rules_[i]->apply(labels)) return {.target = nullptr, .dropped_by = i};
  }
  return {.target = labels.finish()};
}

}  // namespace weir::relabel
