#include <doctest/doctest.h>

#include <fstream>
#include <string>

#include "components/relabel/relabel.h"
#include "tests/components/relabel_rows.h"
#include "tests/support/component_harness.h"

using namespace std::literals;
using weir::discovery::Target;
using weir::discovery::TargetList;
using weir::discovery::Targets;
using weir::relabel::Relabel;

namespace {

Targets targets(std::vector<std::vector<Target::Label>> rows) {
  std::vector<weir::discovery::TargetPtr> list;
  for (auto& row : rows) list.push_back(Target::make(std::move(row)));
  return {TargetList::make(std::move(list))};
}

Relabel::Arguments arguments(std::string_view body) {
  auto decoded = weir::testing::decode_text<Relabel::Arguments>(body);
  if (!decoded) FAIL(decoded.error());
  return *decoded;
}

}  // namespace

TEST_CASE("relabel: every case of the corpus") {
  std::ifstream file(WEIR_TEST_FILES "/relabel.jsonl");
  REQUIRE(file);
  std::string line;
  std::size_t cases = 0;
  while (std::getline(file, line)) {
    ++cases;
    INFO(line);
    CHECK(weir::tests::check_relabel_case(line) == "");
  }
  CHECK(cases == 300);
}

TEST_CASE("discovery.relabel: what a config may not say, and what it is told") {
  struct Row {
    const char* body;
    const char* error;
  };
  const Row rows[] = {
      {R"(targets = []
          rule { action = "kep" })",
       "kep"},
      {R"(targets = []
          rule {
            regex = "a("
            target_label = "b"
          })",
       "\"a(\" is not a regular expression: missing )"},
      {R"(targets = []
          rule { source_labels = ["a"] })",
       "action replace needs a target_label"},
      {R"(targets = []
          rule {
            action = "hashmod"
            target_label = "shard"
          })",
       "action hashmod needs a modulus above 0"},
      {R"(targets = [{a = ["b"]}])", "should be string, got array"},
      {R"(rule { target_label = "x" })", "targets"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.body);
    auto decoded = weir::testing::decode_text<Relabel::Arguments>(row.body);
    REQUIRE_FALSE(decoded);
    CHECK_MESSAGE(decoded.error().find(row.error) != std::string::npos, decoded.error());
  }
}

TEST_CASE("discovery.relabel: drops are counted by rule, and shown") {
  weir::testing::FakeContext world("discovery.relabel.test");
  auto args = arguments(R"(
    targets = [{a = "1"}, {a = "2"}, {a = "3"}]
    rule {
      action = "drop"
      source_labels = ["a"]
      regex = "1|2"
    })");
  Relabel relabel(world, args);
  auto exports = relabel.evaluate(args);
  CHECK(exports.output == targets({{{"a", "3"}}}));
  CHECK(world.health.message == "1 of 3 targets kept");
  REQUIRE(world.debug_info);
  REQUIRE(world.debug_info->statements.size() == 3);
  const auto& drop = world.debug_info->statements[2];
  CHECK(drop.name == "dropped_by");
  CHECK(drop.body->statements.back().value == weir::lang::Value("{a=\"1\"}"));
}

TEST_CASE("discovery.relabel: equal input gives the same objects again") {
  weir::testing::FakeContext world("discovery.relabel.test");
  auto args = arguments(R"(
    targets = [{a = "1"}]
    rule {
      target_label = "b"
      source_labels = ["a"]
    })");
  Relabel relabel(world, args);
  auto first = relabel.evaluate(args);
  args.targets = targets({{{"a", "1"}}, {{"a", "2"}}});
  auto second = relabel.evaluate(args);
  REQUIRE(second.output.size() == 2);
  CHECK(second.output.list->targets()[0] == first.output.list->targets()[0]);
  CHECK(second.output.list->targets()[1]->get("b") == "2");
}

TEST_CASE("discovery.relabel: a target no rule touches passes as it is") {
  weir::testing::FakeContext world("discovery.relabel.test");
  auto args = arguments(R"(
    targets = [{a = "1"}]
    rule {
      action = "keep"
      source_labels = ["a"]
    })");
  Relabel relabel(world, args);
  CHECK(relabel.evaluate(args).output.list->targets()[0] == args.targets.list->targets()[0]);
}
