#include <doctest/doctest.h>

#include <string>

#include "components/discovery/target_groups.h"
#include "components/yaml_reader.h"

using namespace std::literals;

namespace weir::discovery {
namespace {

// "address{name=value,…} …", without the origin's label.
std::string text_of(const Result<std::vector<TargetPtr>>& targets) {
  if (!targets) return "error: " + targets.error().message;
  std::string text;
  for (const auto& target : *targets) {
    CHECK(target->get("__meta_filepath") == "f");
    text += std::string(target->get("__address__")) + "{";
    for (const auto& [name, value] : target->labels()) {
      if (!name.starts_with("__")) text += std::string(name) + "=" + std::string(value) + ",";
    }
    text += "} ";
  }
  return text;
}

std::string from(std::string_view text, GroupFormat format) {
  return text_of(target_groups(text, format, {"__meta_filepath", "f"}));
}

}  // namespace

TEST_CASE("target groups: JSON") {
  struct Row {
    const char* text;
    const char* targets;
  };
  const Row rows[] = {
      {R"([{"targets": ["a:1", "b:2"], "labels": {"x": "y"}}, {"targets": ["c"]}])",
       "a:1{x=y,} b:2{x=y,} c{} "},
      {R"([])", ""},
      {R"(null)", ""},
      {R"([{"targets": null, "labels": null}])", ""},
      {R"([{"targets": ["a"], "labels": {"__address__": "b", "__meta_filepath": "g", "e": ""}}])", "a{} "},
      {R"({"targets": ["a"]})", "error: the list of targets is not a list of groups"},
      {R"([{"targets": ["a"]}, null])",
       "error: group 2 of the list of targets: it is not an object with targets and labels"},
      {R"([{"targets": [1]}])",
       "error: group 1 of the list of targets: a target is not a string: write \"host:port\""},
      {R"([{"targets": "a"}])", "error: group 1 of the list of targets: targets is not a list"},
      {R"([{"labels": {"a": 1}}])",
       "error: group 1 of the list of targets: the value of label \"a\" is not a string"},
      {R"([{"labels": {"": "a"}}])", "error: group 1 of the list of targets: a label has no name"},
      {R"([{"target": ["a"]}])",
       "error: group 1 of the list of targets: it has \"target\"; a group has targets and labels"},
      {R"([{"targets": ["a"])", "error: the list of targets is not JSON: incomplete JSON"},
      {"", "error: the list of targets is not JSON: incomplete JSON"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(from(row.text, GroupFormat::json) == row.targets);
  }
}

TEST_CASE("target groups: YAML") {
  struct Row {
    const char* text;
    const char* targets;
  };
  const Row rows[] = {
      {"- targets: [a:1, 'b:2']\n  labels:\n    x: y\n- targets:\n  - c\n", "a:1{x=y,} b:2{x=y,} c{} "},
      {"", ""},
      {"# nothing\n", ""},
      {"[]", ""},
      {R"([{"targets": ["a"], "labels": {"x": "y"}}])", "a{x=y,} "},
      // What is written, not what YAML 1.1 makes of it.
      {"- targets: [a]\n  labels: {a: 1.0, b: yes, c: 0x10, d: ~, e: '', f: 'null'}\n",
       "a{a=1.0,b=yes,c=0x10,f=null,} "},
      {"- targets: [a]\n  labels: &l {x: y}\n- targets: [b]\n  labels: *l\n", "a{x=y,} b{x=y,} "},
      {"- &g\n  targets: [a]\n  labels: &l {x: y, z: w}\n- targets: [b]\n  labels: {<<: *l, z: v}\n",
       "a{x=y,z=w,} b{x=y,z=v,} "},
      {"- &g {targets: [a], labels: {x: y}}\n- {<<: *g, targets: [b]}\n", "a{x=y,} b{x=y,} "},
      {"targets: [a]", "error: the list of targets is not a list of groups"},
      {"- a", "error: group 1 of the list of targets: it is not a map with targets and labels"},
      {"- targets: a", "error: group 1 of the list of targets: targets is not a list"},
      {"- targets:\n  - [a]",
       "error: group 1 of the list of targets: line 2: a target is not a text: write host:port"},
      {"- labels: {a: [b]}",
       "error: group 1 of the list of targets: line 1: the value of label \"a\" is not a text"},
      {"- host: a",
       "error: group 1 of the list of targets: line 1: it has \"host\"; a group has targets and labels"},
      {"- targets: *a",
       "error: the list of targets is not YAML that weir can read: line 1: the referenced anchor is not "
       "defined"},
      {"- targets: &a [*a]",
       "error: the list of targets is not YAML that weir can read: line 1: an alias of what it stands in"},
      {"- ? [a]\n  : b",
       "error: the list of targets is not YAML that weir can read: line 1: a key must be a text"},
      {"- labels: {<<: a}", "error: group 1 of the list of targets: line 1: << merges what is no map"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(from(row.text, GroupFormat::yaml) == row.targets);
  }
}

TEST_CASE("target groups: what is made to hurt is refused") {
  // Each list holds the one before nine times.
  std::string laughs = "a0: &a0 [lol]\n";
  for (int i = 1; i < 20; ++i) {
    std::string before = "*a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int n = 0; n < 8; ++n) laughs += ", " + before;
    laughs += "]\n";
  }
  CHECK(read_yaml(laughs, "it"));  // shared, not copied
  CHECK(from(laughs, GroupFormat::yaml).starts_with("error: "));

  std::string merges = "- labels: &a0 {x: y}\n";
  for (int i = 1; i < 100; ++i) {
    std::string before = "*a" + std::to_string(i - 1);
    merges += "- labels: &a" + std::to_string(i) + " {<<: [" + before + ", " + before + "]}\n";
  }
  CHECK(from(merges, GroupFormat::yaml).find(": a map has, or merges, too many fields") != std::string::npos);

  std::string many = "- targets: &t [";
  for (int i = 0; i < 1000; ++i) many += "a:" + std::to_string(i) + ", ";
  many += "]\n";
  for (int i = 0; i < 200; ++i) many += "- targets: *t\n";
  CHECK(from(many, GroupFormat::yaml).find("there are more than 100000 targets") != std::string::npos);

  // Each of these names the same again and again, within the limits of texts and nodes.
  std::string list = "&a [", map = "&m {";
  for (int i = 0; i < 5000; ++i) {
    list += "a, ";
    map += "k" + std::to_string(i) + ": v, ";
  }
  std::string long_text = "&t " + std::string(1'000'000, 'x');
  auto repeated = [](std::string text, std::string_view again) {
    for (int i = 0; i < 50'000; ++i) text += again;
    return text;
  };
  for (const std::string& text : {
           repeated("- targets: " + list + "]\n", "  targets: *a\n"),
           repeated("- labels: " + map + "}\n", "  labels: *m\n"),
           repeated("- labels: " + map + "}\n", "- labels: *m\n"),
           repeated("- labels: " + map + "}\n", "- labels: {<<: *m}\n"),
           repeated("- &g {labels: " + map + "}}\n", "- *g\n"),
           repeated("- labels: {a: " + long_text + "}\n", "- labels: {a: *t}\n"),
           repeated("- targets: [" + long_text + "]\n", "  targets: [*t]\n"),
       }) {
    CAPTURE(text.substr(0, 30));
    std::string read = from(text, GroupFormat::yaml);
    CHECK_MESSAGE(read.find("its aliases name the same too often") != std::string::npos, read.substr(0, 200));
  }

  CHECK(from(repeated("- labels: {a: " + long_text + "}\n", "- labels: {*t : a}\n"), GroupFormat::yaml)
            .find("too much text in keys") != std::string::npos);

  CHECK(from(std::string(100'000, '['), GroupFormat::yaml).starts_with("error: "));
  CHECK(from(std::string(100'000, '['), GroupFormat::json).starts_with("error: "));
  CHECK(from(std::string(5u << 20, 'x'), GroupFormat::yaml).find("is larger than") != std::string::npos);
  CHECK(from("[" + std::string(3'000'000, ',') + "]", GroupFormat::json).starts_with("error: "));

  // One that holds the one before, a hundred thousand times: nothing here may call itself as often.
  std::string chain = "- &a0 [x]\n";
  for (int i = 1; i < 100'000; ++i) {
    chain += "- &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  }
  CHECK(from(chain, GroupFormat::yaml).starts_with("error: "));
}

}  // namespace weir::discovery
