#include "components/relabel/course.h"

#include <algorithm>
#include <utility>

namespace weir::relabel {
namespace {

bool is_on_names(Action action) {
  return action == Action::label_map || action == Action::label_drop || action == Action::label_keep;
}

bool is_by_regex(Action action) {
  return action == Action::replace || action == Action::keep || action == Action::drop;
}

}  // namespace

std::size_t Program::State::bytes() const {
  return sizeof(State) + entries.size() * sizeof(Entry) + (sources.size() + own.size()) * sizeof(Register) +
         64 + (output ? output->size() * 64 : 0);
}

const std::string* Program::Builder::pooled(std::string_view name) {
  auto [known, is_new] = program_.names_.emplace(name);
  if (is_new) program_.bytes_ += name.size() + 64;
  return &*known;
}

Register Program::Builder::find(const State& state, std::string_view name) const {
  auto it = std::ranges::find_if(state.entries, [&](const auto& entry) { return *entry.name == name; });
  return it == state.entries.end() ? kAbsent : it->value;
}

void Program::Builder::set(State& state, std::string_view name, Register value) {
  const std::string* pooled_name = pooled(name);
  auto it = std::ranges::find(state.entries, pooled_name, &State::Entry::name);
  if (it != state.entries.end()) {
    bool is_added = static_cast<std::size_t>(it - state.entries.begin()) >= state.left;
    if (is_added) {
      it->value = value;
      return;
    }
    state.entries.erase(it);
    --state.left;
  }
  state.entries.push_back({pooled_name, value});
}

void Program::Builder::remove(State& state, std::string_view name) {
  auto it = std::ranges::find_if(state.entries, [&](const auto& entry) { return *entry.name == name; });
  if (it == state.entries.end()) return;
  if (static_cast<std::size_t>(it - state.entries.begin()) < state.left) --state.left;
  state.entries.erase(it);
}

Program::State* Program::Builder::begin(const discovery::LayoutPtr& input) {
  State state;
  state.input = input;
  state.entries.reserve(input->size());
  for (std::size_t i = 0; i < input->size(); ++i) {
    state.entries.push_back({pooled(input->name(i)), static_cast<Register>(i)});
  }
  state.left = input->size();
  return advance(std::move(state));
}

Program::State* Program::Builder::turn(State& at, Turn turn) {
  State*& next = at.next[static_cast<std::size_t>(turn)];
  if (!next && program_.has_room())
    next = advance(after(at, turn, program_.rules_->list()[at.rule].arguments().target_label));
  return next;
}

Program::State* Program::Builder::turn_to(State& at, Turn turn, const std::string& name) {
  if (!program_.has_room()) return nullptr;
  State* next = advance(after(at, turn, name));
  at.by_name.emplace((turn == Turn::set ? '+' : '-') + name, next);
  program_.bytes_ += name.size() + 64;
  return next;
}

Program::State Program::Builder::after(const State& at, Turn turn, std::string_view name) {
  State state;
  state.input = at.input;
  state.rule = at.rule + 1;
  state.entries = at.entries;
  state.left = at.left;
  state.computed = at.computed;
  if (turn == Turn::removed) remove(state, name);
  if (turn == Turn::set) set(state, name, at.takes_source ? at.sources[0] : -++state.computed);
  return state;
}

Program::State* Program::Builder::advance(State state) {
  const std::vector<Rule>& rules = program_.rules_->list();
  while (state.rule < rules.size() && settle(state, rules[state.rule])) ++state.rule;
  if (state.rule == rules.size()) end(state);
  return program_.add(std::move(state));
}

// Whether the names alone decide what the rule does; then it is done.
bool Program::Builder::settle(State& state, const Rule& rule) {
  if (is_on_names(rule.action())) {
    rule.action() == Action::label_map ? map_names(state, rule) : remove_names(state, rule);
    return true;
  }
  const RuleArguments& arguments = rule.arguments();
  state.sources.clear();
  for (const auto& name : arguments.source_labels.names) state.sources.push_back(find(state, name));
  state.other = find(state, arguments.target_label);
  int group = rule.replacement().only_group();
  state.takes_source = rule.action() == Action::replace && state.sources.size() == 1 &&
                       state.sources[0] != kAbsent && group >= 0 &&
                       rule.matcher().is_whole(static_cast<std::size_t>(group));
  bool is_constant = std::ranges::all_of(state.sources, [](Register source) { return source == kAbsent; });
  return is_constant && is_by_regex(rule.action()) && settle_constant(state, rule);
}

// No target on this course has any of the source labels.
bool Program::Builder::settle_constant(State& state, const Rule& rule) {
  std::string text;
  for (std::size_t i = 1; i < state.sources.size(); ++i) text += rule.arguments().separator;
  Matcher::Groups groups;
  bool matched = rule.matcher().match(text, groups);
  if (rule.action() != Action::replace) return matched == (rule.action() == Action::keep);
  if (!matched) return true;
  std::string value;
  rule.replacement().expand(groups, value);
  if (!value.empty() || !rule.target_label().is_literal()) return false;
  remove(state, rule.arguments().target_label);
  return true;
}

void Program::Builder::map_names(State& state, const Rule& rule) {
  std::vector<std::pair<std::string, Register>> additions;
  Matcher::Groups groups;
  for (const auto& entry : state.entries) {
    if (!rule.matcher().match(*entry.name, groups)) continue;
    additions.emplace_back("", entry.value);
    rule.replacement().expand(groups, additions.back().first);
  }
  for (const auto& [name, value] : additions) set(state, name, value);
}

void Program::Builder::remove_names(State& state, const Rule& rule) {
  std::size_t kept = 0, left = 0;
  for (std::size_t i = 0; i < state.entries.size(); ++i) {
    bool matched = rule.matcher().matches(*state.entries[i].name);
    if (matched == (rule.action() == Action::label_drop)) continue;
    if (i < state.left) ++left;
    state.entries[kept++] = state.entries[i];
  }
  state.entries.resize(kept);
  state.left = left;
}

void Program::Builder::end(State& state) {
  const discovery::LabelLayout& input = *state.input;
  std::ranges::sort(state.entries, {}, [](const auto& entry) -> const std::string& { return *entry.name; });
  std::vector<std::string_view> names;
  for (const auto& entry : state.entries) names.emplace_back(*entry.name);
  state.may_be_same = input.has_names(names);
  auto is_same = [](const auto& entry, Register index) { return entry.value == index; };
  bool all_same = state.may_be_same;
  for (std::size_t i = 0; all_same && i < state.entries.size(); ++i) {
    all_same = is_same(state.entries[i], static_cast<Register>(i));
  }
  if (all_same) return;
  std::vector<discovery::LabelLayout::Slot> slots;
  for (const auto& entry : state.entries) {
    Register value = entry.value;
    // What a target without a base has, it is the base of.
    if (value >= 0 && input.is_flat()) {
      slots.push_back(value);
    } else if (value >= 0 && input.slot(static_cast<std::size_t>(value)) >= 0) {
      slots.push_back(input.slot(static_cast<std::size_t>(value)));
    } else {
      state.own.push_back(value);
      slots.push_back(-static_cast<std::int32_t>(state.own.size()));
    }
  }
  state.output = discovery::LabelLayout::make(names, std::move(slots));
}

}  // namespace weir::relabel
