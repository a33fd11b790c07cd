#include <doctest/doctest.h>

#include <algorithm>
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
  std::ifstream file(WEIR_TEST_FILES "/../conformance/relabel.jsonl");
  REQUIRE(file);
  std::string line;
  std::size_t cases = 0;
  while (std::getline(file, line)) {
    ++cases;
    INFO(line);
    CHECK(weir::tests::check_relabel_case(line) == "");
  }
  CHECK(cases == 1881);
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
  REQUIRE(world.debug_info);
  REQUIRE(world.debug_info->statements.size() == 3);
  const auto& drop = world.debug_info->statements[2];
  CHECK(drop.name == "dropped_by");
  CHECK(drop.body->statements.back().value == weir::lang::Value("{a=\"1\"}"));
}

TEST_CASE("discovery.relabel: health says what came in, what is left, and which rule dropped the rest") {
  struct Row {
    const char* regexes[2];  // of what the two rules drop
    const char* message;
  };
  const Row rows[] = {
      {{"", ""}, "4 of 4 targets are left"},
      {{"", "1|2|3"}, "1 of 4 targets are left, 3 dropped by rule 1 (drop)"},
      {{"1", "2|3"}, "1 of 4 targets are left, 3 dropped, most by rule 1 (drop)"},
      {{".+", ""}, "0 of 4 targets are left, 4 dropped by rule 0 (drop)"},
  };
  for (const auto& row : rows) {
    weir::testing::FakeContext world("discovery.relabel.test");
    std::string body = "targets = [{a = \"1\"}, {a = \"2\"}, {a = \"3\"}, {a = \"4\"}]\n";
    for (const char* regex : row.regexes) {
      body += "rule {\n action = \"drop\"\n source_labels = [\"a\"]\n regex = \"" + std::string(regex) +
              "\"\n}\n";
    }
    auto args = arguments(body);
    Relabel relabel(world, args);
    relabel.evaluate(args);
    CHECK(world.health.message == row.message);
    args.targets = {};
    relabel.evaluate(args);
    CHECK(world.health.message == "0 targets came in: what gives them has none");
    CHECK(world.health.state == weir::runtime::HealthState::healthy);
  }
}

TEST_CASE("discovery.relabel: what it told before is not told again, and whatever differs is") {
  struct Row {
    const char* rule;
    bool is_news;
  };
  // All of them drop one of two targets.
  const Row rows[] = {
      {"action = \"drop\"\nregex = \"1\"", true},   {"action = \"drop\"\nregex = \"1\"", false},
      {"action = \"drop\"\nregex = \"1|3\"", true}, {"action = \"keep\"\nregex = \"2\"", true},
      {"action = \"keep\"\nregex = \"2\"", false},  {"action = \"keep\"\nregex = \"1\"", true},
  };
  weir::testing::FakeContext world("discovery.relabel.test");
  auto text = [](const Row& row) {
    return "targets = [{a = \"1\"}, {a = \"2\"}]\nrule {\nsource_labels = [\"a\"]\n"s + row.rule + "\n}";
  };
  Relabel relabel(world, arguments(text(rows[0])));
  for (const auto& row : rows) {
    CAPTURE(row.rule);
    world.debug_info = nullptr;
    world.healths.clear();
    relabel.evaluate(arguments(text(row)));
    CHECK((world.debug_info != nullptr) == row.is_news);
    CHECK(world.healths.empty() != row.is_news);
  }
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
  CHECK(second.output[0] == first.output[0]);
  CHECK(second.output[1]->get("b") == "2");
}

TEST_CASE("discovery.relabel: targets are found again wherever they are in the next list") {
  weir::testing::FakeContext world("discovery.relabel.test");
  auto args = arguments(R"(
    targets = []
    rule {
      target_label = "b"
      source_labels = ["a"]
    }
    rule {
      action = "drop"
      source_labels = ["a"]
      regex = ".*7"
    })");
  Relabel relabel(world, args);
  std::vector<weir::discovery::TargetPtr> list;
  for (int i = 0; i < 500; ++i) list.push_back(Target::make({{"a", std::to_string(i)}}));
  auto run = [&](std::vector<weir::discovery::TargetPtr> targets) {
    args.targets = {TargetList::make(std::move(targets))};
    return relabel.evaluate(args).output.list;
  };
  auto first = run(list);
  REQUIRE(first->size() == 450);
  CHECK(run(list) == first);

  auto anew = list;  // equal, but not the same objects
  for (auto& target : anew) target = Target::make({{"a", std::string(target->get("a"))}});
  CHECK(run(anew) == first);

  auto fewer = list;
  fewer.erase(fewer.begin() + 100, fewer.begin() + 300);
  auto some = run(fewer);
  CHECK((*some)[0] == (*first)[0]);
  CHECK((*some)[some->size() - 1] == (*first)[first->size() - 1]);

  first = run(list);
  auto turned = list;
  std::ranges::reverse(turned);
  auto reversed = run(turned);
  CHECK((*reversed)[0] != nullptr);
  CHECK((*reversed)[reversed->size() - 1] == (*first)[0]);
}

TEST_CASE("discovery.relabel: who dropped which target") {
  weir::testing::FakeContext world("discovery.relabel.test");
  auto args = arguments(R"(
    targets = []
    rule {
      action = "keep"
      source_labels = ["a"]
      regex = ".+"
    }
    rule {
      action = "drop"
      source_labels = ["a", "b"]
      regex = "1.*;2"
    })");
  std::vector<weir::discovery::TargetPtr> list;
  for (int i = 0; i < 1500; ++i) list.push_back(Target::make({{"c", std::to_string(i)}}));
  list.push_back(Target::make({{"a", "1"}, {"b", "2"}}));
  args.targets = {TargetList::make(list)};
  Relabel relabel(world, args);
  relabel.evaluate(args);
  REQUIRE(world.view("dropped"));
  auto page = world.view("dropped")->page("", 998, 50);
  CHECK(page.total == 1000);
  REQUIRE(page.rows.size() == 2);
  auto row = page.rows[0].as_map();
  REQUIRE(row);
  CHECK(row->find("rule") == weir::lang::Value(0));
  CHECK(row->find("action") == weir::lang::Value("keep"));
  CHECK(row->find("target")->as_map()->find("c") == weir::lang::Value("998"));
  // Of each rule the first, and all of them counted.
  std::string info;
  for (const auto& statement : world.debug_info->statements) {
    if (statement.name == "dropped_by")
      info += weir::lang::describe(statement.body->statements.back().value) + " ";
  }
  CHECK(info == R"("{c=\"0\"}" "{a=\"1\",b=\"2\"}" )");
}

TEST_CASE("discovery.relabel: each dialect has its own rules") {
  const char* body = R"(
    targets = [{a = "1\n2", b = "3"}]
    rule {
      source_labels = ["a"]
      target_label = "with.dot"
    })";
  auto agents = weir::testing::decode_text<Relabel::Arguments>(body);
  REQUIRE_FALSE(agents);
  CHECK(agents.error().find("\"with.dot\" is not a label name that replace can write") != std::string::npos);
  auto alloys =
      weir::testing::decode_text<Relabel::Arguments>(body, {.eval = {.dialect = weir::lang::Dialect::alloy}});
  REQUIRE(alloys);
  weir::testing::FakeContext world("discovery.relabel.test");
  Relabel relabel(world, *alloys);
  CHECK(relabel.evaluate(*alloys).output[0]->get("with.dot") == "1\n2");
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
  CHECK(relabel.evaluate(args).output[0] == args.targets[0]);
}
