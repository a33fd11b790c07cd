// Program: rules made for many targets. What a rule does depends on the names
// of a target's labels and on whether its regex matches; so for each course
// that targets have taken it is worked out once where every value comes from
// (a State), and another target on the same course only asks the regexes.
//
// Gives what Rules::run gives. Remembers courses within a limit; past it,
// Rules::run does the work.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "components/discovery/target.h"
#include "components/relabel/rules.h"

namespace weir::relabel {

class Program {
 public:
  explicit Program(std::shared_ptr<const Rules> rules);
  ~Program();

  Rules::Outcome run(const discovery::TargetPtr& target);
  // Between two lists of targets: makes room when there is none left.
  void make_room();

 private:
  struct State;
  class Builder;
  class Run;

  bool has_room() const;
  State* start(const discovery::Target& target);
  State* add(State state);

  std::shared_ptr<const Rules> rules_;
  std::vector<std::unique_ptr<State>> states_;
  std::size_t bytes_ = 0;  // of the states, about
  std::unordered_set<std::string> names_;
  // By the hash of the names.
  std::unordered_multimap<std::uint64_t, std::pair<discovery::LayoutPtr, State*>> starts_;
  const discovery::LabelLayout* last_input_ = nullptr;
  State* last_start_ = nullptr;

  // Of the target that is on its way; kept for their memory.
  Matcher::Groups groups_;
  std::vector<std::string_view> computed_, own_;
  std::string text_;
};

}  // namespace weir::relabel
