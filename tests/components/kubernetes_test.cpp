#include <doctest/doctest.h>

#include <fstream>
#include <string>

#include "components/discovery/kubernetes.h"
#include "tests/components/temp_dir.h"
#include "tests/support/component_harness.h"

using namespace std::literals;

namespace weir::discovery {

using weir::runtime::FetchResponse;
using weir::runtime::HealthState;
using weir::tests::TempDir;

namespace {

std::string pod(std::string name, std::string version, std::string ip = "10.1.0.1") {
  return R"({"metadata": {"namespace": "shop", "name": ")" + name + R"(", "uid": "u-)" + name +
         R"(", "resourceVersion": ")" + version +
         R"(", "labels": {"app.kubernetes.io/name": "cart"}, "annotations": {"a/b": "c"},
            "ownerReferences": [{"kind": "ReplicaSet", "name": "rs", "controller": true}]},
          "spec": {"nodeName": "n1",
                   "containers": [{"name": "main", "image": "img:1",
                                   "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}]},
                                  {"name": "side", "image": "img:2"}],
                   "initContainers": [{"name": "setup", "image": "img:3"}]},
          "status": {"phase": "Running", "podIP": ")" +
         ip + R"(", "hostIP": "10.0.0.1", "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{"name": "side", "containerID": "containerd://side"},
                                  {"name": "main", "containerID": "containerd://main"}]}})";
}

std::string list_of(std::string pods, std::string version, std::string next = "") {
  return R"({"kind": "PodList", "metadata": {"resourceVersion": ")" + version + R"(", "continue": ")" + next +
         R"("}, "items": [)" + pods + "]}";
}

std::string event(std::string type, std::string object) {
  return R"({"type": ")" + type + R"(", "object": )" + object + "}";
}

std::string one_line(std::string text) {
  std::erase(text, '\n');
  return text + "\n";
}

using Harness = weir::testing::ComponentHarness<Kubernetes>;

constexpr std::string_view kServer = "role = \"pod\"\napi_server = \"http://api:8080/\"";

weir::testing::FakeFetch& last(Harness& kubernetes) {
  REQUIRE_FALSE(kubernetes.world().fetches.empty());
  return *kubernetes.world().fetches.back();
}

void answer(Harness& kubernetes, std::string body, int status = 200) {
  last(kubernetes).answer(FetchResponse{.status = status, .body = std::move(body)});
  kubernetes.run();
}

std::vector<std::string> names(Harness& kubernetes) {
  std::vector<std::string> names;
  auto exported = kubernetes.world().exports.as_map();
  if (!exported) return {"nothing exported"};
  auto targets = weir::lang::Codec<Targets>::from_value(*exported->find("targets")).value();
  for (const auto& target : targets) {
    std::string name(target->get("__meta_kubernetes_pod_name"));
    if (names.empty() || names.back() != name) names.push_back(name);
  }
  return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("discovery.kubernetes: targets of a pod") {
  auto page = read_pod_list(list_of(pod("p1", "5"), "7"));
  REQUIRE(page);
  CHECK(page->resource_version == "7");
  REQUIRE(page->pods.size() == 1);
  CHECK(page->pods[0].key == "shop/p1");
  const auto& targets = page->pods[0].targets;
  REQUIRE(targets.size() == 3);
  CHECK(*targets[0] == *Target::make({
                           {"__address__", "10.1.0.1:8080"},
                           {"__meta_kubernetes_namespace", "shop"},
                           {"__meta_kubernetes_pod_name", "p1"},
                           {"__meta_kubernetes_pod_uid", "u-p1"},
                           {"__meta_kubernetes_pod_ip", "10.1.0.1"},
                           {"__meta_kubernetes_pod_host_ip", "10.0.0.1"},
                           {"__meta_kubernetes_pod_phase", "Running"},
                           {"__meta_kubernetes_pod_ready", "true"},
                           {"__meta_kubernetes_pod_node_name", "n1"},
                           {"__meta_kubernetes_pod_controller_kind", "ReplicaSet"},
                           {"__meta_kubernetes_pod_controller_name", "rs"},
                           {"__meta_kubernetes_pod_label_app_kubernetes_io_name", "cart"},
                           {"__meta_kubernetes_pod_labelpresent_app_kubernetes_io_name", "true"},
                           {"__meta_kubernetes_pod_annotation_a_b", "c"},
                           {"__meta_kubernetes_pod_annotationpresent_a_b", "true"},
                           {"__meta_kubernetes_pod_container_name", "main"},
                           {"__meta_kubernetes_pod_container_id", "containerd://main"},
                           {"__meta_kubernetes_pod_container_image", "img:1"},
                           {"__meta_kubernetes_pod_container_init", "false"},
                           {"__meta_kubernetes_pod_container_port_name", "http"},
                           {"__meta_kubernetes_pod_container_port_number", "8080"},
                           {"__meta_kubernetes_pod_container_port_protocol", "TCP"},
                       }));
  CHECK(targets[1]->get("__address__") == "10.1.0.1");
  CHECK(targets[1]->get("__meta_kubernetes_pod_container_id") == "containerd://side");
  CHECK(targets[2]->get("__meta_kubernetes_pod_container_init") == "true");
}

TEST_CASE("discovery.kubernetes: a pod without an address has no targets; nonsense is refused") {
  CHECK(read_pod_list(list_of(pod("p1", "5", ""), "7"))->pods[0].targets.empty());
  for (std::string_view text :
       {"", "{}", "[]", "{\"kind\": \"Status\"}", "{\"kind\": \"PodList\", \"items\": [{"}) {
    CHECK_FALSE(read_pod_list(text));
  }
  CHECK(
      read_pod_list(R"({"kind": "PodList", "items": [1, {}, {"metadata": [], "spec": {"containers": 3}}]})"));
  CHECK_FALSE(read_pod_event("{"));
  CHECK_FALSE(read_pod_event(R"({"type": "NEW"})"));
}

TEST_CASE("discovery.kubernetes: outside a cluster it says so, and tries again") {
  Harness kubernetes("role = \"pod\"");
  kubernetes.start();
  CHECK(kubernetes.world().health.state == HealthState::unhealthy);
  CHECK(kubernetes.world().health.message.starts_with(
      "not inside a cluster: KUBERNETES_SERVICE_HOST is not set; run weir in a pod, or name the server in "
      "api_server; weir tries again in"));
  kubernetes.world().environment["KUBERNETES_SERVICE_HOST"] = "10.96.0.1";
  kubernetes.world().environment["KUBERNETES_SERVICE_PORT"] = "443";
  kubernetes.advance(3s);
  CHECK(kubernetes.world().health.message.find("the pod's service account cannot be used: ") == 0);
}

TEST_CASE("discovery.kubernetes: roles that are not supported yet load, and say so") {
  for (std::string role : {"node", "service", "endpoints", "endpointslice", "ingress"}) {
    Harness kubernetes("role = \"" + role + "\"");
    kubernetes.start();
    CHECK(kubernetes.world().health.state == HealthState::unhealthy);
    CHECK(kubernetes.world().health.message.starts_with("role " + role + " is not supported yet"));
  }
}

TEST_CASE("discovery.kubernetes: in a pod it uses the service account, whose token is read each time") {
  TempDir account;
  std::ofstream(account.path() / "token") << "t1\n";
  std::ofstream(account.path() / "namespace") << "mine";
  weir::testing::FakeContext world("discovery.kubernetes.test");
  world.environment["KUBERNETES_SERVICE_HOST"] = "fd00::1";
  world.environment["KUBERNETES_SERVICE_PORT"] = "443";
  auto arguments = weir::testing::decode_text<Kubernetes::Arguments>(R"(
    role = "pod"
    namespaces { own_namespace = true })");
  REQUIRE(arguments);
  Kubernetes kubernetes(world, *arguments, account.path());
  kubernetes.start();
  world.run();
  REQUIRE(world.fetches.size() == 1);
  const auto& request = world.fetches[0]->request;
  CHECK(request.url == "https://[fd00::1]:443/api/v1/namespaces/mine/pods?limit=500");
  CHECK(request.headers.back() == std::pair("Authorization"s, "Bearer t1"s));
  CHECK(request.tls.ca_file == (account.path() / "ca.crt").string());
  std::ofstream(account.path() / "token") << "t2";
  world.fetches[0]->answer(FetchResponse{.status = 200, .body = list_of("", "1")});
  world.run();
  REQUIRE(world.fetches.size() == 2);
  CHECK(world.fetches[1]->request.headers.back().second == "Bearer t2");
  kubernetes.stop();
}

TEST_CASE("discovery.kubernetes: lists in pages, then follows the changes") {
  Harness kubernetes(kServer);
  kubernetes.start();
  CHECK(last(kubernetes).request.url == "http://api:8080/api/v1/pods?limit=500");
  answer(kubernetes, list_of(pod("p1", "1"), "10", "token/2"));
  CHECK(last(kubernetes).request.url == "http://api:8080/api/v1/pods?limit=500&continue=token%2F2");
  CHECK(names(kubernetes) == Names{"nothing exported"});
  answer(kubernetes, list_of(pod("p2", "2"), "10"));
  kubernetes.advance(100ms);
  CHECK(names(kubernetes) == Names{"p1", "p2"});
  CHECK(kubernetes.world().health.message == "2 pods, 6 targets");

  CHECK(last(kubernetes)
            .request.url.find("watch=1&allowWatchBookmarks=true&timeoutSeconds=300&resourceVersion=10") !=
        std::string::npos);
  last(kubernetes).head({.status = 200});
  std::string added = one_line(event("ADDED", pod("p3", "11")));
  last(kubernetes).data(added.substr(0, 100));
  last(kubernetes).data(added.substr(100) + one_line(event("DELETED", pod("p1", "12"))));
  kubernetes.advance(100ms);
  CHECK(names(kubernetes) == Names{"p2", "p3"});

  // The server ends the watch after a while: it goes on from where it was.
  kubernetes.advance(5min);
  answer(kubernetes, "");
  CHECK(last(kubernetes).request.url.find("resourceVersion=12") != std::string::npos);
  CHECK(kubernetes.world().health.state == HealthState::healthy);
}

TEST_CASE("discovery.kubernetes: when the server has forgotten our version, it lists again") {
  Harness kubernetes(kServer);
  kubernetes.start();
  answer(kubernetes, list_of(pod("p1", "1"), "10"));
  last(kubernetes).head({.status = 200});
  last(kubernetes).data(one_line(event("ERROR", R"({"kind": "Status", "code": 410, "message": "too old"})")));
  kubernetes.run();
  CHECK(last(kubernetes).request.url == "http://api:8080/api/v1/pods?limit=500");
  answer(kubernetes, list_of(pod("p2", "30"), "30"));
  kubernetes.advance(100ms);
  CHECK(names(kubernetes) == Names{"p2"});
}

TEST_CASE("discovery.kubernetes: a server that takes lists but no watches is asked less and less often") {
  for (int status : {200, 403, 410}) {
    CAPTURE(status);
    Harness kubernetes(kServer);
    kubernetes.start();
    int lists = 0;
    for (int second = 0; second < 120; ++second) {
      for (bool answered = true; answered;) {
        auto& fetch = last(kubernetes);
        answered = !fetch.done && !fetch.cancelled;
        if (!answered) break;
        if (fetch.request.url.find("watch=1") == std::string::npos) {
          ++lists;
          answer(kubernetes, list_of(pod("p1", "1"), "10"));
        } else {
          fetch.head({.status = status});
          fetch.answer(FetchResponse{.status = status});
          kubernetes.run();
        }
      }
      kubernetes.advance(1s);
    }
    CHECK(lists > 2);
    CHECK(lists < 12);
  }
}

TEST_CASE("discovery.kubernetes: failures are health; what is known stays until it is back") {
  struct Row {
    const char* name;
    std::function<void(Harness&)> fail;
    const char* message;
  };
  const Row rows[] = {
      {"the connection breaks", [](Harness& k) { last(k).answer(weir::fail("connection closed")); },
       "connection closed; weir tries again in"},
      {"forbidden",
       [](Harness& k) {
         last(k).head({.status = 403});
         last(k).data(R"({"kind": "Status", "message": "pods is forbidden"})");
         last(k).answer(FetchResponse{.status = 403});
       },
       "watch pods: the API server answered 403: pods is forbidden; weir"},
      {"an error in the stream",
       [](Harness& k) {
         last(k).head({.status = 200});
         last(k).data(one_line(event("ERROR", R"({"code": 500, "message": "storage"})")));
       },
       "watch pods: storage; weir"},
      {"nonsense in the stream",
       [](Harness& k) {
         last(k).head({.status = 200});
         last(k).data("<html>\n");
       },
       "an event of the watch is not JSON"},
      {"a stream that ends at once",
       [](Harness& k) {
         last(k).head({.status = 200});
         last(k).answer(FetchResponse{.status = 200});
       },
       "watch pods: the server ended it at once; weir"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    Harness kubernetes(kServer);
    kubernetes.start();
    answer(kubernetes, list_of(pod("p1", "1"), "10"));
    row.fail(kubernetes);
    kubernetes.run();
    kubernetes.advance(100ms);
    CHECK(kubernetes.world().health.state == HealthState::unhealthy);
    CHECK_MESSAGE(kubernetes.world().health.message.starts_with(row.message),
                  kubernetes.world().health.message);
    CHECK(names(kubernetes) == Names{"p1"});
    kubernetes.advance(3s);
    answer(kubernetes, list_of(pod("p2", "11"), "12"));
    kubernetes.advance(100ms);
    CHECK(kubernetes.world().health.state == HealthState::healthy);
    CHECK(names(kubernetes) == Names{"p2"});
  }
}

TEST_CASE("discovery.kubernetes: namespaces and selectors go to the server") {
  Harness kubernetes(std::string(kServer) + R"(
    namespaces { names = ["b", "a"] }
    selectors {
      role = "pod"
      label = "app=shop"
      field = "spec.nodeName=n1"
    })");
  kubernetes.start();
  REQUIRE(kubernetes.world().fetches.size() == 2);
  CHECK(kubernetes.world().fetches[0]->request.url ==
        "http://api:8080/api/v1/namespaces/a/"
        "pods?limit=500&labelSelector=app%3Dshop&fieldSelector=spec.nodeName%3Dn1");
  kubernetes.world().fetches[0]->answer(FetchResponse{.status = 200, .body = list_of(pod("p1", "1"), "1")});
  kubernetes.advance(200ms);
  CHECK(names(kubernetes) == Names{"nothing exported"});
  kubernetes.world().fetches[1]->answer(FetchResponse{.status = 200, .body = list_of(pod("p2", "1"), "1")});
  kubernetes.advance(200ms);
  CHECK(names(kubernetes) == Names{"p1", "p2"});
}

TEST_CASE("discovery.kubernetes: what a config may not say") {
  struct Row {
    const char* body;
    const char* error;
  };
  const Row rows[] = {
      {"role = \"pods\"", "pods"},
      {"role = \"pod\"\napi_server = \"http://a\"\nkubeconfig_file = \"f\"", "not both"},
      {"role = \"pod\"\napi_server = \"a:1\"", "is not an http"},
      {"role = \"pod\"\nbearer_token = \"t\"", "need an api_server"},
      {"role = \"pod\"\napi_server = \"http://a\"\nnamespaces { own_namespace = true }",
       "leave out api_server"},
      {"role = \"pod\"\nselectors { role = \"service\" }", "has no use for a selector of service"},
      {"role = \"pod\"\nselectors { role = \"pod\" }\nselectors { role = \"pod\" }", "two selectors"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.body);
    auto decoded = weir::testing::decode_text<Kubernetes::Arguments>(row.body);
    REQUIRE_FALSE(decoded);
    CHECK_MESSAGE(decoded.error().find(row.error) != std::string::npos, decoded.error());
  }
}

}  // namespace weir::discovery
