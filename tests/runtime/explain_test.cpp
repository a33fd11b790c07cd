#include "runtime/explain.h"

#include <doctest/doctest.h>

#include <fmt/format.h>

namespace weir::runtime {
namespace {

using lang::Value;

Value numbered(std::size_t number) {
  return Value::object({{"number", std::to_string(number)}});
}

// Takes the target of its number, and with each of its rules makes it `padding` longer; the last gives it the
// next number.
class Counting final : public TargetTracer {
 public:
  explicit Counting(std::size_t number, std::size_t rules = 1, std::size_t padding = 0)
      : number_(number), rules_(rules), padding_(padding) {}

  bool trace(const Value& target, const EachStep& each) const override {
    if (!(target == numbered(number_))) return false;
    for (std::size_t i = 1; i <= rules_; ++i) {
      Value after =
          i == rules_ ? numbered(number_ + 1) : Value::object({{"padding", std::string(i * padding_, 'x')}});
      if (!each({.index = i - 1,
                 .what = "replace",
                 .why = "",
                 .effect = TraceStep::Effect::changed,
                 .target = after}))
        return true;
    }
    return true;
  }

 private:
  std::size_t number_, rules_, padding_;
};

// Whoever asks for the time has taken a millisecond.
class HurriedClock final : public Clock {
 public:
  WallTime wall() const override { return {}; }
  MonoTime mono() const override { return now_ += std::chrono::milliseconds(1); }

 private:
  mutable MonoTime now_;
};

const ComponentType kFinder{.name = "test.finder"};

std::shared_ptr<Node> finder(std::vector<Value> targets) {
  auto node = std::make_shared<Node>();
  node->id = "test.finder.a";
  node->type = &kFinder;
  auto state = std::make_shared<NodeState>();
  state->exports = Value::object({{"targets", Value::array(std::move(targets))}});
  node->set_state(state);
  return node;
}

std::shared_ptr<Node> counting(std::size_t number, std::size_t rules = 1, std::size_t padding = 0) {
  auto node = std::make_shared<Node>();
  node->id = fmt::format("test.counting.{}", number);
  auto state = std::make_shared<NodeState>();
  std::shared_ptr<const TargetTracer> tracer = std::make_shared<const Counting>(number, rules, padding);
  state->services.emplace_back(typeid(TargetTracer), tracer);
  node->set_state(state);
  return node;
}

// One that finds target 0, and `length` that hand it on.
Snapshot chain(std::size_t length) {
  Snapshot snapshot;
  snapshot.nodes.push_back(finder({numbered(0)}));
  for (std::size_t i = 0; i < length; ++i) snapshot.nodes.push_back(counting(i));
  return snapshot;
}

bool any(const lang::Map&) {
  return true;
}

TEST_CASE("explain: a way is told from component to component") {
  Snapshot snapshot = chain(5);  // whose nodes are told of
  Explanations told = explain_targets(snapshot, any, {});
  CHECK(told.found == 1);
  CHECK(told.cut == "");
  REQUIRE(told.shown.size() == 1);
  CHECK_FALSE(told.shown[0].is_cut);
  REQUIRE(told.shown[0].visits.size() == 5);
  CHECK(told.shown[0].visits[4].node->id == "test.counting.4");
  CHECK(told.shown[0].visits[4].steps[0].target == numbered(5));
}

TEST_CASE("explain: of many that match the first are shown and all are counted") {
  Snapshot snapshot;
  snapshot.nodes.push_back(finder({numbered(1), numbered(2), numbered(3), numbered(4)}));
  Explanations told = explain_targets(
      snapshot, [](const lang::Map& labels) { return *labels.find("number")->as_string() != "1"; },
      {.targets = 2});
  CHECK(told.found == 3);
  REQUIRE(told.shown.size() == 2);
  CHECK(told.shown[0].target == numbered(2));
  CHECK(told.cut == "");
}

TEST_CASE("explain: a long way is told as far as the limit") {
  struct Row {
    std::size_t length;
    bool is_cut;
  };
  for (const Row& row : {Row{1000, false}, Row{1001, true}, Row{3000, true}}) {
    CAPTURE(row.length);
    Explanations told = explain_targets(chain(row.length), any, {});
    REQUIRE(told.shown.size() == 1);
    CHECK(told.shown[0].visits.size() == 1000);
    CHECK(told.shown[0].is_cut == row.is_cut);
    CHECK(told.cut == (row.is_cut ? "A way is told as far as 1000 components." : ""));
  }
}

TEST_CASE("explain: it ends when the time is over, and says so") {
  HurriedClock clock;
  Explanations told = explain_targets(chain(10'000), any, {.time = std::chrono::seconds(2), .clock = &clock});
  CHECK(told.cut == "Not all is told: it takes longer than 2s.");
  CHECK(told.found == 1);
  CHECK(told.is_found_known);
  REQUIRE(told.shown.size() == 1);
  CHECK(told.shown[0].is_cut);
  CHECK(clock.mono() < MonoTime(std::chrono::milliseconds(2'100)));
}

TEST_CASE("explain: the search has half the time, what it found is told") {
  Snapshot snapshot;
  std::vector<Value> targets;
  for (std::size_t i = 0; i < 100'000; ++i) targets.push_back(numbered(i));
  snapshot.nodes.push_back(finder(std::move(targets)));
  snapshot.nodes.push_back(counting(7));
  HurriedClock clock;
  std::size_t looked_at = 0;
  auto query = [&](const lang::Map& labels) {
    return ++looked_at, *labels.find("number")->as_string() == "7";
  };
  Explanations told = explain_targets(snapshot, query, {.time = std::chrono::seconds(2), .clock = &clock});
  CHECK(told.cut == "Not all targets were looked at: it takes longer than 1s.");
  CHECK_FALSE(told.is_found_known);
  CHECK(looked_at < 20'000);
  REQUIRE(told.shown.size() == 1);
  CHECK(told.shown[0].visits.size() == 1);
  CHECK_FALSE(told.shown[0].is_cut);
}

TEST_CASE("explain: rules that make a target longer and longer do not fill the memory") {
  Snapshot snapshot;
  snapshot.nodes.push_back(finder({numbered(0), numbered(0)}));
  snapshot.nodes.push_back(counting(0, 10'000, 1'000));
  Explanations told = explain_targets(snapshot, any, {.bytes = 100'000});
  CHECK(told.cut == "Not all is told: there is more to tell than 100000 bytes.");
  REQUIRE(told.shown.size() == 1);
  CHECK(told.shown[0].is_cut);
  CHECK(told.found == 2);
  REQUIRE(told.shown[0].visits.size() == 1);
  CHECK(told.shown[0].visits[0].steps.size() < 20);
}

}  // namespace
}  // namespace weir::runtime
