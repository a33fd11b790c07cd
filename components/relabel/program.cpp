#include "components/relabel/program.h"

#include <array>
#include <cstring>
#include <memory_resource>
#include <utility>

#include "base/prefetch.h"
#include "components/relabel/course.h"

namespace weir::relabel {
namespace {

// Of the states of one program: some thousands of courses.
constexpr std::size_t kMostBytes = std::size_t{8} << 20;

}  // namespace

// One target on its way.
class Program::Run {
 public:
  Run(Program& program, const discovery::TargetPtr& target)
      : program_(program), target_(target), scratch_(buffer_.data(), buffer_.size()) {}

  Rules::Outcome go() {
    const std::vector<Rule>& rules = program_.rules_->list();
    State* at = program_.start(*target_);
    while (at && at->rule < rules.size()) {
      const Rule& rule = rules[at->rule];
      if (is_dropped(*at, rule)) return {.target = nullptr, .dropped_by = at->rule};
      at = next(*at, rule);
    }
    return at ? Rules::Outcome{.target = finish(*at)} : program_.rules_->run(target_);
  }

 private:
  std::string_view value(Register from) const {
    if (from >= 0) return target_->value(static_cast<std::size_t>(from));
    return from == kAbsent ? std::string_view() : program_.computed_[static_cast<std::size_t>(-1 - from)];
  }

  std::string_view kept(std::string_view text) {
    char* place = static_cast<char*>(scratch_.allocate(text.size() + 1, 1));
    std::memcpy(place, text.data(), text.size());
    return {place, text.size()};
  }

  std::string_view source_text(const State& at, const Rule& rule) {
    if (at.sources.size() == 1) return value(at.sources[0]);
    std::string& text = program_.text_;
    text.clear();
    for (std::size_t i = 0; i < at.sources.size(); ++i) {
      if (i > 0) text += rule.arguments().separator;
      text += value(at.sources[i]);
    }
    return kept(text);
  }

  bool is_dropped(const State& at, const Rule& rule) {
    switch (rule.action()) {
      case Action::keep: return !rule.matcher().matches(source_text(at, rule));
      case Action::drop: return rule.matcher().matches(source_text(at, rule));
      case Action::keep_equal: return source_text(at, rule) != value(at.other);
      case Action::drop_equal: return source_text(at, rule) == value(at.other);
      default: return false;
    }
  }

  State* next(State& at, const Rule& rule) {
    switch (rule.action()) {
      case Action::replace: return replaced(at, rule);
      case Action::hash_modulo:
      case Action::lower_case:
      case Action::upper_case: return written(at, kept(rule.computed(source_text(at, rule))));
      default: return turned(at, Turn::unchanged);
    }
  }

  State* turned(State& at, Turn turn) {
    State* next = at.next[static_cast<std::size_t>(turn)];
    return next ? next : Builder(program_).turn(at, turn);
  }

  void compute(const State& at, std::string_view value) {
    program_.computed_.resize(static_cast<std::size_t>(at.computed));
    program_.computed_.push_back(value);
  }

  State* written(State& at, std::string_view value) {
    if (value.empty()) return turned(at, Turn::removed);
    if (!at.takes_source) compute(at, value);
    return turned(at, Turn::set);
  }

  State* replaced(State& at, const Rule& rule) {
    std::string_view text = source_text(at, rule);
    bool is_literal = rule.target_label().is_literal();
    if (at.takes_source && is_literal) {
      return rule.matcher().matches(text) ? written(at, text) : turned(at, Turn::unchanged);
    }
    if (!rule.matcher().match(text, program_.groups_)) return turned(at, Turn::unchanged);
    std::string_view value = expanded(rule.replacement());
    return is_literal ? written(at, value) : written_to(at, rule, value);
  }

  std::string_view expanded(const Template& text) {
    if (text.is_literal()) return text.literal();
    if (int group = text.only_group(); group >= 0) return program_.groups_[static_cast<std::size_t>(group)];
    program_.text_.clear();
    text.expand(program_.groups_, program_.text_);
    return kept(program_.text_);
  }

  // The regex says which label.
  State* written_to(State& at, const Rule& rule, std::string_view value) {
    std::string name;
    rule.target_label().expand(program_.groups_, name);
    bool may_write = rule.may_write(name);
    if (rule.is_legacy() && (!may_write || value.empty())) return turned(at, Turn::removed);
    if (!may_write) return turned(at, Turn::unchanged);
    Turn turn = value.empty() ? Turn::removed : Turn::set;
    if (turn == Turn::set && !at.takes_source) compute(at, value);
    auto known = at.by_name.find((turn == Turn::set ? '+' : '-') + name);
    return known != at.by_name.end() ? known->second : Builder(program_).turn_to(at, turn, name);
  }

  bool is_same(const State& end) const {
    for (std::size_t i = 0; i < end.entries.size(); ++i) {
      if (value(end.entries[i].value) != target_->value(i)) return false;
    }
    return true;
  }

  discovery::TargetPtr finish(const State& end) {
    if (!end.output || (end.may_be_same && is_same(end))) return target_;
    std::vector<std::string_view>& own = program_.own_;
    own.clear();
    for (Register from : end.own) own.push_back(value(from));
    const discovery::TargetPtr& base = target_->base() ? target_->base() : target_;
    return discovery::Target::make(end.output, end.output->is_flat() ? nullptr : base, own);
  }

  Program& program_;
  const discovery::TargetPtr& target_;
  std::array<char, 1024> buffer_;
  std::pmr::monotonic_buffer_resource scratch_;
};

Program::Program(std::shared_ptr<const Rules> rules) : rules_(std::move(rules)) {}
Program::~Program() = default;

Rules::Outcome Program::run(const discovery::TargetPtr& target) {
  return Run(*this, target).go();
}

bool Program::has_room() const {
  return bytes_ < kMostBytes;
}

void Program::make_room() {
  // Most likely the first target takes the course of the last one before.
  prefetch(last_start_, sizeof(State));
  if (has_room()) return;
  last_input_ = nullptr;
  starts_.clear();
  states_.clear();
  names_.clear();
  bytes_ = 0;
}

Program::State* Program::start(const discovery::Target& target) {
  const discovery::LayoutPtr& layout = target.layout();
  if (last_input_ == layout.get()) return last_start_;
  auto [first, last] = starts_.equal_range(layout->names_hash());
  for (auto it = first; it != last; ++it) {
    const auto& [input, state] = it->second;
    if (input != layout && !(*input == *layout)) continue;
    if (input == layout) {
      last_input_ = input.get();
      last_start_ = state;
    }
    return state;
  }
  if (!has_room()) return nullptr;
  State* state = Builder(*this).begin(layout);
  starts_.emplace(layout->names_hash(), std::pair(layout, state));
  return state;
}

Program::State* Program::add(State state) {
  bytes_ += state.bytes();
  states_.push_back(std::make_unique<State>(std::move(state)));
  return states_.back().get();
}

}  // namespace weir::relabel
