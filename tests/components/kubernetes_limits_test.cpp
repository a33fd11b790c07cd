// Objects that stand for very many targets: what is made of them is bounded, what is left out has a number.
#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "components/discovery/kubernetes_role.h"
#include "components/discovery/target_maker.h"
#include "components/json_reader.h"
#include "tests/components/kubernetes_server.h"

using namespace std::literals;

namespace weir::discovery {

using weir::runtime::HealthState;
using weir::tests::answer;
using weir::tests::asks_for;
using weir::tests::debug_text;
using weir::tests::kubernetes_event;
using weir::tests::kubernetes_list;
using weir::tests::last_fetch;
using weir::tests::tell;
using Labels = TargetMaker::Labels;

namespace {

namespace json = boost::json;

std::string many(std::string_view element, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all.append(i == 0 ? "" : ",").append(element);
  return all;
}

std::string pod_with_ports(const std::string& name, int ports, std::size_t annotation = 0) {
  return R"({"metadata": {"namespace": "shop", "name": ")" + name + R"(", "annotations": {"a": ")" +
         std::string(annotation, 'x') + R"("}}, "spec": {"containers": [{"name": "main", "ports": [)" +
         many(R"({"containerPort": 80})", ports) + R"(]}]}, "status": {"podIP": "10.1.0.1"}})";
}

void put(KubernetesRole& role, const std::string& object, std::size_t feed = 0) {
  role.feeds()[feed].sink->put(0, as_object(json::parse(object)));
}

void remove(KubernetesRole& role, const std::string& object) {
  role.feeds()[0].sink->remove(as_object(json::parse(object)));
}

Labels joined(Labels common, const Labels& own) {
  common.insert(common.end(), own.begin(), own.end());
  return common;
}

}  // namespace

TEST_CASE("the targets of one object are as if each were made alone") {
  struct Row {
    const char* name;
    Labels common;
    std::vector<Labels> own;
  };
  const Row rows[] = {
      {"nothing in common", {}, {{{"b", "1"}, {"a", "2"}}, {{"a", "3"}}}},
      {"nothing of their own", {{"b", "1"}, {"a", "2"}}, {{}, {}}},
      {"one", {{"b", "1"}}, {{{"a", "2"}}}},
      {"names between, before and after",
       {{"b", "1"}, {"d", "2"}, {"f", "3"}},
       {{{"a", "4"}}, {{"c", "5"}, {"e", "6"}}, {{"g", "7"}}}},
      {"the same names", {{"a", "1"}, {"b", "2"}}, {{{"a", "3"}}, {{"b", "4"}}, {{"b", "5"}, {"b", "6"}}}},
      {"what is empty is absent", {{"a", "1"}, {"b", ""}}, {{{"a", ""}}, {{"b", "2"}}, {{"c", ""}}}},
  };
  LayoutTable layouts;
  for (const auto& row : rows) {
    CAPTURE(row.name);
    TargetMaker maker(layouts, {});
    maker.set_common(row.common);
    for (const auto& own : row.own) maker.add(own);
    auto made = maker.take(nullptr);
    REQUIRE(made.targets.size() == row.own.size());
    for (std::size_t i = 0; i < row.own.size(); ++i) {
      CHECK(*made.targets[i] == *Target::make(joined(row.common, row.own[i])));
      bool has_base = made.targets[i]->base() != nullptr;
      CHECK(has_base != made.targets[i]->layout()->is_flat());
      if (has_base && i > 0 && made.targets[i - 1]->base())
        CHECK(made.targets[i]->base() == made.targets[i - 1]->base());
    }
  }
}

TEST_CASE("discovery.kubernetes: a pod of very many ports takes no more than one pod may") {
  auto role = KubernetesRole::make({.role = "pod"});
  std::string pod = pod_with_ports("big", 20'000, 256u << 10);
  put(*role, pod);
  CHECK(role->update());
  auto targets = role->targets();
  REQUIRE(targets.size() == 10'000);
  CHECK(role->left_out().targets == 10'000);
  CHECK(role->left_out().objects == 1);
  CHECK(role->left_out().example == "shop/big");
  // What they have in common is in memory once.
  std::string_view annotation = targets[0]->get("__meta_kubernetes_pod_annotation_a");
  CHECK(annotation.size() == 256u << 10);
  CHECK(targets[9999]->get("__meta_kubernetes_pod_annotation_a").data() == annotation.data());
  // The same once more changes nothing.
  put(*role, pod);
  CHECK_FALSE(role->update());
  CHECK(role->targets()[0] == targets[0]);
  remove(*role, pod);
  CHECK(role->update());
  CHECK(role->left_out().targets == 0);
}

TEST_CASE("discovery.kubernetes: many addresses with many ports are counted, not made") {
  struct Row {
    const char* role;
    std::string object;
  };
  const Row rows[] = {
      {"endpoints", R"({"metadata": {"namespace": "shop", "name": "a"}, "subsets": [{"addresses": [)" +
                        many(R"({"ip": "10.1.0.1"})", 10'000) + R"(], "ports": [)" +
                        many(R"({"port": 80})", 10'000) + "]}]}"},
      {"endpointslice", R"({"metadata": {"namespace": "shop", "name": "a"}, "endpoints": [{"addresses": [)" +
                            many(R"("10.1.0.1")", 10'000) + R"(]}], "ports": [)" +
                            many(R"({"port": 80})", 10'000) + "]}"},
      {"ingress", R"({"metadata": {"namespace": "shop", "name": "a"}, "spec": {"rules": [)" +
                      many(R"({"host": "a"})", 20'000) + "]}}"},
      {"service", R"({"metadata": {"namespace": "shop", "name": "a"}, "spec": {"ports": [)" +
                      many(R"({"port": 80})", 20'000) + "]}}"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.role);
    auto role = KubernetesRole::make({.role = row.role});
    put(*role, row.object);
    CHECK(role->update());
    CHECK(role->targets().size() == 10'000);
    CHECK(role->left_out().targets == (row.role[0] == 'e' ? 99'990'000 : 10'000));
  }
}

TEST_CASE("discovery.kubernetes: no object costs the square of its size") {
  constexpr int kMany = 200'000;
  auto numbered = [](const std::string& before, const std::string& after) {
    std::string all;
    for (int i = 0; i < kMany; ++i) all += (i == 0 ? "" : ",") + before + std::to_string(i) + after;
    return all;
  };
  struct Row {
    const char* role;
    std::string object;
  };
  const Row rows[] = {
      {"ingress", R"({"metadata": {"name": "a"}, "spec": {"rules": [)" + numbered(R"({"host": "a)", "\"}") +
                      R"(], "tls": [{"hosts": [)" + numbered("\"b", "\"") + "]}]}}"},
      {"node", R"({"metadata": {"name": "a"}, "status": {"addresses": [)" +
                   numbered(R"({"type": "T)", "\"}") +
                   R"(, {"type": "InternalIP", "address": "10.0.0.1"}]}})"},
      {"pod", R"({"metadata": {"name": "a"}, "status": {"podIP": "10.1.0.1", "containerStatuses": [)" +
                  numbered(R"({"name": "c)", "\"}") + R"(]}, "spec": {"containers": [)" +
                  numbered(R"({"name": "d)", "\"}") + "]}}"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.role);
    auto role = KubernetesRole::make({.role = row.role});
    put(*role, row.object);
    CHECK(role->update());
    CHECK(role->targets().size() == (row.role[0] == 'n' ? 1 : 10'000));
  }
}

TEST_CASE("discovery.kubernetes: few targets with much text are as bounded") {
  // Of a pod behind very many ports of an endpoint, each target has all labels.
  auto role = KubernetesRole::make({.role = "endpoints"});
  put(*role, pod_with_ports("big", 1, 1u << 20), 1);
  put(*role, R"({"metadata": {"namespace": "shop", "name": "a"}, "subsets": [{"addresses": [{"ip": "10.1.0.1",
                 "targetRef": {"kind": "Pod", "namespace": "shop", "name": "big"}}], "ports": [)" +
                 many(R"({"port": 80})", 1000) + "]}]}");
  CHECK(role->update());
  CHECK(role->targets().size() == 63);
  CHECK(role->left_out().targets == 1000 - 63);
}

TEST_CASE("discovery.kubernetes: what all objects together make is bounded; what was left out comes later") {
  for (bool has_joins : {false, true}) {
    CAPTURE(has_joins);
    auto role = KubernetesRole::make({.role = "pod",
                                      .attach_node = has_joins,
                                      .most = {.targets = 5, .label_bytes = 1u << 20},
                                      .most_of_object = {.targets = 2, .label_bytes = 1u << 19}});
    KubernetesSink& sink = *role->feeds()[0].sink;
    for (const char* name : {"a", "b", "c"}) put(*role, pod_with_ports(name, 2));
    CHECK(role->update());
    CHECK(role->targets().size() == 4);
    CHECK(role->objects() == 3);
    CHECK(role->left_out().targets == 2);
    CHECK(role->left_out().example == "shop/c");
    CHECK_FALSE(sink.wants_list());
    // Once more, it is still too much, and no news.
    put(*role, pod_with_ports("c", 2));
    CHECK_FALSE(role->update());
    remove(*role, pod_with_ports("a", 2));
    CHECK(sink.wants_list());
    CHECK(role->update());
    if (!has_joins) {
      CHECK(role->targets().size() == 2);
      CHECK(sink.wants_list());
      put(*role, pod_with_ports("c", 2));
      CHECK(role->update());
    }
    CHECK(role->targets().size() == 4);
    CHECK(role->left_out().objects == 0);
    CHECK_FALSE(sink.wants_list());
  }
}

TEST_CASE("discovery.kubernetes: what is left out is health, and is listed again when there is room") {
  weir::tests::KubernetesHarness kubernetes("role = \"pod\"\napi_server = \"http://api:8080/\"");
  kubernetes.start();
  std::string pods;
  for (int i = 10; i <= 40; ++i) {
    pods += (pods.empty() ? "" : ",") + pod_with_ports("p" + std::to_string(i), 10'000);
  }
  answer(kubernetes, kubernetes_list(pods, "10"));
  CHECK(kubernetes.world().health.state == HealthState::unhealthy);
  CHECK(
      kubernetes.world().health.message ==
      "31 pods, 300000 targets; 10000 targets of 1 object left out, such as of shop/p40: weir makes at most "
      "10000 of one object and 300000 in all, of at most 64.0 MiB and 512.0 MiB of labels");
  CHECK(debug_text(*kubernetes.world().debug_info, "left_out") == "10000");
  CHECK(debug_text(*kubernetes.world().debug_info, "left_out_example") == "\"shop/p40\"");
  tell(kubernetes, kubernetes_event("DELETED", pod_with_ports("p10", 0)));
  kubernetes.advance(5min);
  last_fetch(kubernetes).answer(runtime::FetchResponse{.status = 200, .headers = {}, .body = {}});
  kubernetes.run();
  CHECK_FALSE(asks_for(kubernetes, "watch=1"));
  pods.erase(0, pods.find(R"(,{"metadata")") + 1);
  answer(kubernetes, kubernetes_list(pods, "20"));
  kubernetes.advance(1s);
  CHECK(kubernetes.world().health.state == HealthState::healthy);
  CHECK(kubernetes.world().health.message == "30 pods, 300000 targets");
  CHECK(asks_for(kubernetes, "watch=1"));
}

}  // namespace weir::discovery
