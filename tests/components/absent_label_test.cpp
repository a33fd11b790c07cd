#include <doctest/doctest.h>

#include <string>

#include "components/relabel/relabel.h"
#include "tests/support/component_harness.h"

namespace weir::relabel {
namespace {

using discovery::Target;
using discovery::TargetList;

// The lines of the log after the targets have come, twice.
std::vector<std::string> warnings(const std::string& source_label,
                                  const std::vector<discovery::TargetPtr>& targets) {
  auto arguments = weir::testing::decode_text<Relabel::Arguments>(
      "targets = []\nrule {\n target_label = \"a\"\n replacement = \"b\"\n}\nrule {\n source_labels = [\"" +
      source_label + "\"]\n target_label = \"node\"\n}");
  REQUIRE(arguments);
  weir::testing::FakeContext world("discovery.relabel.test");
  Relabel relabel(world, *arguments);
  for (int times = 0; times < 2; ++times) {
    arguments->targets = {TargetList::make(targets)};
    auto exports = relabel.evaluate(*arguments);
    // Nothing is made up.
    for (const auto& target : exports.output) CHECK(target->get("node") == target->get(source_label));
  }
  return world.log_lines;
}

}  // namespace

TEST_CASE("discovery.relabel: a label that pods have only with a setting is told of once") {
  auto pod = Target::make({{"__meta_kubernetes_pod_node_name", "n1"}});
  auto attached =
      Target::make({{"__meta_kubernetes_pod_node_name", "n1"}, {"__meta_kubernetes_node_name", "n1"}});
  auto lines = warnings("__meta_kubernetes_node_name", {pod, pod});
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("level=warn") != std::string::npos);
  CHECK(lines[0].find("rule 1 reads __meta_kubernetes_node_name, which never occurs here: ") !=
        std::string::npos);
  CHECK(warnings("__meta_kubernetes_node_name", {pod, attached}).empty());
  CHECK(warnings("__meta_kubernetes_node_name", {}).empty());
  CHECK(warnings("__meta_kubernetes_node_name", {Target::make({{"a", "b"}})}).empty());
  CHECK(warnings("__meta_kubernetes_pod_node_name", {pod}).empty());
}

}  // namespace weir::relabel
