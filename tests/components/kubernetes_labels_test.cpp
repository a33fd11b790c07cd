// Objects of the Kubernetes API and the targets that a role makes of them: rows of kubernetes_labels.json.
#include <doctest/doctest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "components/discovery/kubernetes_role.h"
#include "components/json_reader.h"

namespace weir::discovery {
namespace {

namespace json = boost::json;

constexpr std::string_view kPrefix = "__meta_kubernetes_";

bool has_word(const json::object& row, std::string_view key, std::string_view word) {
  return std::ranges::any_of(array_at(row, key), [&](const auto& v) { return v == json::value(word); });
}

std::unique_ptr<KubernetesRole> role_of(const json::object& row) {
  bool is_alloy = text_at(row, "dialect") == "alloy";
  return KubernetesRole::make({.role = text_at(row, "role"),
                               .dialect = is_alloy ? lang::Dialect::alloy : lang::Dialect::river,
                               .attach_node = has_word(row, "attach", "node"),
                               .attach_namespace = has_word(row, "attach", "namespace"),
                               .selects_nodes = bool_at(row, "selects_nodes")});
}

void put_objects(KubernetesRole& role, const json::object& objects) {
  for (const auto& feed : role.feeds()) {
    for (const auto& object : array_at(objects, feed.resource.name)) feed.sink->put(0, as_object(object));
  }
}

void remove_objects(KubernetesRole& role, const json::object& objects) {
  for (const auto& feed : role.feeds()) {
    for (const auto& object : array_at(objects, feed.resource.name)) feed.sink->remove(as_object(object));
  }
}

// Labels as they are written in the rows: without the prefix.
std::vector<std::string> targets_of(const KubernetesRole& role) {
  std::vector<std::string> lines;
  for (const auto& target : role.targets()) {
    std::string line;
    for (const auto& [name, value] : target->labels()) {
      std::string_view shown = name;
      if (shown.starts_with(kPrefix)) shown.remove_prefix(kPrefix.size());
      line.append(shown).append("=").append(value).append("\n");
    }
    lines.push_back(line);
  }
  std::ranges::sort(lines);
  return lines;
}

std::vector<std::string> expected_of(const json::array& targets) {
  std::vector<std::string> lines;
  for (const auto& target : targets) {
    std::map<std::string, std::string> labels;
    for (const auto& [name, value] : as_object(target)) {
      bool is_plain = name.starts_with("__") || name == "instance";
      labels[(is_plain ? "" : std::string(kPrefix)) + std::string(name)] = value.get_string();
    }
    std::string line;
    for (const auto& [name, value] : labels) {
      line += (name.starts_with(kPrefix) ? name.substr(kPrefix.size()) : name) + "=" + value + "\n";
    }
    lines.push_back(line);
  }
  std::ranges::sort(lines);
  return lines;
}

void check_targets(const KubernetesRole& role, const json::array& targets) {
  auto got = targets_of(role);
  auto expected = expected_of(targets);
  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) CHECK(got[i] == expected[i]);
}

}  // namespace

TEST_CASE("discovery.kubernetes: labels of every role") {
  auto text = read_file(WEIR_TEST_FILES "/kubernetes_labels.json", 1 << 20);
  REQUIRE(text);
  auto rows = parse_json(*text, "the rows");
  REQUIRE(rows);
  REQUIRE(rows->is_array());
  for (const auto& value : rows->get_array()) {
    const json::object& row = as_object(value);
    std::string name = string_at(row, "name");
    CAPTURE(name);
    auto role = role_of(row);
    put_objects(*role, object_at(row, "objects"));
    role->update();
    check_targets(*role, array_at(row, "targets"));
    // The same once more changes nothing.
    put_objects(*role, object_at(row, "objects"));
    CHECK_FALSE(role->update());
    if (row.contains("then")) {
      const json::object& then = object_at(row, "then");
      auto before = role->targets();
      put_objects(*role, object_at(then, "changed"));
      remove_objects(*role, object_at(then, "gone"));
      CHECK(role->update());
      check_targets(*role, array_at(then, "targets"));
    }
  }
}

}  // namespace weir::discovery
