#include "components/relabel/small_regex.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "components/relabel/small_regex_parser.h"

namespace weir::relabel {
namespace {

using Step = SmallRegex::Step;

constexpr std::size_t kMostGroups = 8;
constexpr std::size_t kMostWays = 64;     // that are still to be tried
constexpr std::size_t kMostTries = 2000;  // what RE2 takes for a long text

bool is_ascii(std::string_view text) {
  std::uint64_t word = 0;
  for (; text.size() >= sizeof word; text.remove_prefix(sizeof word)) {
    std::memcpy(&word, text.data(), sizeof word);
    if (word & 0x8080808080808080u) return false;
  }
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// What is to be done when the way that was tried led nowhere.
struct Way {
  enum class Kind : std::uint8_t { go_on, less, more, unmark };
  Kind kind;
  std::uint16_t step;       // unmark: the slot
  std::uint32_t at, limit;  // less, more: where a run ended, and where it may end at the utmost
};

}  // namespace

class SmallRegexRun {
 public:
  SmallRegexRun(const std::vector<Step>& steps, const std::vector<SmallRegex::Table>& tables,
                std::string_view text)
      : steps_(steps.data()), tables_(tables.data()), text_(text) {
    marks_.fill(kUnset);
  }

  SmallRegex::Verdict go() {
    for (std::size_t tries = 0; tries < kMostTries; ++tries) {
      bool is_match = follow();
      if (is_lost_) return SmallRegex::Verdict::unsure;
      if (is_match) return SmallRegex::Verdict::yes;
      if (!next_way()) return is_lost_ ? SmallRegex::Verdict::unsure : SmallRegex::Verdict::no;
    }
    return SmallRegex::Verdict::unsure;
  }

  std::string_view group(std::size_t index) const {
    std::uint32_t begin = marks_[2 * index], end = marks_[2 * index + 1];
    return end == kUnset ? std::string_view() : text_.substr(begin, end - begin);
  }

 private:
  static constexpr std::uint32_t kUnset = 0xffffffff;

  bool is_in(std::uint16_t table, std::uint32_t at) const {
    return at < text_.size() && tables_[table][static_cast<unsigned char>(text_[at])];
  }

  void push(Way way) {
    if (ways_count_ == ways_.size()) {
      is_lost_ = true;
      return;
    }
    ways_[ways_count_++] = way;
  }

  // Goes on from step_ and at_ as long as there is one way; true: the end of both. False: nowhere.
  bool follow() {
    while (!is_lost_) {
      const Step& step = steps_[step_];
      switch (step.op) {
        case SmallRegex::Op::end: return at_ == text_.size();
        case SmallRegex::Op::jump: step_ = static_cast<std::uint16_t>(step_ + step.first); break;
        case SmallRegex::Op::choice:
          push({Way::Kind::go_on, static_cast<std::uint16_t>(step_ + step.second), at_, 0});
          step_ = static_cast<std::uint16_t>(step_ + step.first);
          break;
        case SmallRegex::Op::mark: {
          std::uint32_t& mark = marks_[static_cast<std::size_t>(step.first)];
          push({Way::Kind::unmark, static_cast<std::uint16_t>(step.first), mark, 0});
          mark = at_;
          ++step_;
          break;
        }
        case SmallRegex::Op::run:
          if (!run(step)) return false;
          break;
      }
    }
    return false;
  }

  bool run(const Step& step) {
    std::uint32_t begin = at_;
    std::uint32_t wanted = step.is_lazy ? step.least : step.most;
    while (at_ - begin < wanted && is_in(step.set, at_)) ++at_;
    if (at_ - begin < step.least) return false;
    if (step.is_lazy && step.least != step.most) {
      push({Way::Kind::more, step_, at_, step.most == kUnset ? kUnset : begin + step.most});
    } else if (at_ - begin > step.least) {
      push({Way::Kind::less, step_, at_, begin + step.least});
    }
    if (!may_follow(step, at_)) return false;
    ++step_;
    return true;
  }

  // A run that ends elsewhere can only be of use before what may follow it.
  bool may_follow(const Step& run, std::uint32_t at) const {
    return at == text_.size() ? run.may_be_last : tables_[run.follows][static_cast<unsigned char>(text_[at])];
  }

  // Takes up the last way that was left; false: there is none.
  bool next_way() {
    while (ways_count_ > 0) {
      Way way = ways_[--ways_count_];
      switch (way.kind) {
        case Way::Kind::unmark: marks_[way.step] = way.at; continue;
        case Way::Kind::go_on:
          step_ = way.step;
          at_ = way.at;
          return true;
        case Way::Kind::less:
          if (shorter(way)) return true;
          continue;
        case Way::Kind::more:
          if (longer(way)) return true;
          continue;
      }
    }
    return false;
  }

  bool shorter(Way way) {
    const Step& step = steps_[way.step];
    do {
      if (way.at == way.limit) return false;
      --way.at;
    } while (!may_follow(step, way.at));
    take_up(way);
    return true;
  }

  bool longer(Way way) {
    const Step& step = steps_[way.step];
    do {
      if (way.at == way.limit || !is_in(step.set, way.at)) return false;
      ++way.at;
    } while (!may_follow(step, way.at));
    take_up(way);
    return true;
  }

  void take_up(const Way& way) {
    push(way);
    step_ = static_cast<std::uint16_t>(way.step + 1);
    at_ = way.at;
  }

  const Step* steps_;
  const SmallRegex::Table* tables_;
  std::string_view text_;
  std::array<std::uint32_t, 2 * (kMostGroups + 1)> marks_;
  std::array<Way, kMostWays> ways_;
  std::size_t ways_count_ = 0;
  std::uint16_t step_ = 0;
  std::uint32_t at_ = 0;
  bool is_lost_ = false;
};

std::uint16_t SmallRegex::table_of(const CharSet& set) {
  auto known = std::ranges::find(sets_, set);
  if (known == sets_.end()) known = sets_.insert(sets_.end(), set);
  return static_cast<std::uint16_t>(known - sets_.begin());
}

// All steps lead forward, so what can come next is known from behind.
void SmallRegex::look_ahead() {
  struct First {
    CharSet set;
    bool is_end = false;
  };
  std::vector<First> first(steps_.size());
  for (std::size_t i = steps_.size(); i-- > 0;) {
    Step& step = steps_[i];
    auto to = [&](std::int16_t distance) -> const First& {
      return first[i + static_cast<std::size_t>(distance)];
    };
    switch (step.op) {
      case Op::end: first[i].is_end = true; break;
      case Op::mark: first[i] = to(1); break;
      case Op::jump: first[i] = to(step.first); break;
      case Op::choice:
        first[i] = {to(step.first).set | to(step.second).set,
                    to(step.first).is_end || to(step.second).is_end};
        break;
      case Op::run:
        step.follows = table_of(to(1).set);
        step.may_be_last = to(1).is_end;
        if (step.most > 0) first[i].set = sets_[step.set];
        if (step.least == 0) first[i] = {first[i].set | to(1).set, to(1).is_end};
        break;
    }
  }
  for (const CharSet& set : sets_) {
    Table& table = tables_.emplace_back();
    for (std::size_t c = 0; c < table.size(); ++c) table[c] = set[c];
  }
}

std::optional<SmallRegex> SmallRegex::compile(std::string_view regex, bool dot_is_newline) {
  // Each "|" of it is a call in a call.
  constexpr std::size_t kLongest = 2048;
  if (regex.size() > kLongest) return std::nullopt;
  auto compiled = SmallRegexParser(regex, dot_is_newline).run();
  if (!compiled || compiled->group_count_ > kMostGroups) return std::nullopt;
  compiled->look_ahead();
  return compiled;
}

SmallRegex::Verdict SmallRegex::match(std::string_view text, std::vector<std::string_view>* groups) const {
  if (!is_ascii(text)) return Verdict::unsure;
  SmallRegexRun run(steps_, tables_, text);
  Verdict verdict = run.go();
  if (verdict != Verdict::yes || !groups) return verdict;
  groups->assign(1, text);
  for (std::size_t i = 1; i <= group_count_; ++i) groups->push_back(run.group(i));
  return verdict;
}

}  // namespace weir::relabel
