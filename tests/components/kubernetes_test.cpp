#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "components/discovery/kubernetes.h"
#include "components/discovery/kubernetes_selector.h"
#include "tests/components/kubernetes_server.h"
#include "tests/support/temp_dir.h"

using namespace std::literals;

namespace weir::discovery {

using weir::runtime::FetchResponse;
using weir::runtime::HealthState;
using weir::tests::answer;
using weir::tests::answer_whole;
using weir::tests::asks_for;
using weir::tests::exported_pods;
using weir::tests::kubernetes_event;
using weir::tests::kubernetes_list;
using weir::tests::kubernetes_pod;
using weir::tests::last_fetch;
using weir::tests::tell;
using weir::tests::TempDir;
using Harness = weir::tests::KubernetesHarness;
using Names = std::vector<std::string>;

namespace {

constexpr std::string_view kServer = "role = \"pod\"\napi_server = \"http://api:8080/\"";

// What the component asks for at its start, without the server's address.
std::vector<std::string> first_requests(const std::string& body) {
  Harness kubernetes(body + "\napi_server = \"http://api\"");
  kubernetes.start();
  std::vector<std::string> paths;
  for (const auto& fetch : kubernetes.world().fetches) paths.push_back(fetch->request.url.substr(10));
  return paths;
}

}  // namespace

TEST_CASE("discovery.kubernetes: outside a cluster it says so, and tries again") {
  Harness kubernetes("role = \"pod\"");
  kubernetes.start();
  CHECK(kubernetes.world().health.state == HealthState::unhealthy);
  CHECK(kubernetes.world().health.message.starts_with(
      "not inside a cluster: KUBERNETES_SERVICE_HOST is not set; run weir in a pod, or name the server in "
      "api_server or a kubeconfig_file"));
  kubernetes.world().environment["KUBERNETES_SERVICE_HOST"] = "10.96.0.1";
  kubernetes.world().environment["KUBERNETES_SERVICE_PORT"] = "443";
  kubernetes.advance(3s);
  CHECK(kubernetes.world().health.message.find("the pod's service account cannot be used: ") == 0);
}

TEST_CASE("discovery.kubernetes: in a pod it uses the service account, whose token is read each time") {
  TempDir account;
  account.write("token", "t1\n");
  account.write("namespace", "mine");
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
  account.write("token", "t2");
  answer_whole(*world.fetches[0], kubernetes_list("", "1"));
  world.run();
  REQUIRE(world.fetches.size() == 2);
  CHECK(world.fetches[1]->request.headers.back().second == "Bearer t2");
  kubernetes.stop();
}

TEST_CASE("discovery.kubernetes: says why there are no targets") {
  struct Row {
    std::string pods;
    const char* message;
  };
  const Row rows[] = {
      {"", "0 pods, 0 targets: the API server knows none that fits"},
      {kubernetes_pod("p1", "1") + "," + kubernetes_pod("p2", "2", ""),
       "2 pods, 2 targets; 1 pod left out: without an address yet, or on a node that is not known"},
  };
  for (const auto& row : rows) {
    Harness kubernetes(kServer);
    kubernetes.start();
    answer(kubernetes, kubernetes_list(row.pods, "10"));
    CHECK(kubernetes.world().health.message == row.message);
    CHECK(kubernetes.world().health.state == weir::runtime::HealthState::healthy);
  }
}

TEST_CASE("discovery.kubernetes: lists in pages, then follows the changes") {
  Harness kubernetes(kServer);
  kubernetes.start();
  CHECK(last_fetch(kubernetes).request.url == "http://api:8080/api/v1/pods?limit=500");
  answer(kubernetes, kubernetes_list(kubernetes_pod("p1", "1"), "10", "token/2"));
  CHECK(last_fetch(kubernetes).request.url == "http://api:8080/api/v1/pods?limit=500&continue=token%2F2");
  CHECK(exported_pods(kubernetes) == Names{"nothing exported"});
  answer(kubernetes, kubernetes_list(kubernetes_pod("p2", "2"), "10"));
  // At once: nobody waits for the first answer.
  CHECK(exported_pods(kubernetes) == Names{"p1", "p2"});
  CHECK(kubernetes.world().health.message == "2 pods, 4 targets");

  CHECK(asks_for(kubernetes, "watch=1&allowWatchBookmarks=true&timeoutSeconds=300&resourceVersion=10"));
  std::string added = kubernetes_event("ADDED", kubernetes_pod("p3", "11"));
  tell(kubernetes, added.substr(0, 100));
  tell(kubernetes, added.substr(100) + kubernetes_event("DELETED", kubernetes_pod("p1", "12")));
  kubernetes.advance(1s);
  CHECK(exported_pods(kubernetes) == Names{"p2", "p3"});

  // The server ends the watch after a while: it goes on from where it was.
  tell(kubernetes, kubernetes_event("BOOKMARK", R"({"kind": "Pod", "metadata": {"resourceVersion": "99"}})"));
  kubernetes.advance(5min);
  last_fetch(kubernetes).answer(FetchResponse{.status = 200, .headers = {}, .body = {}});
  kubernetes.run();
  CHECK(asks_for(kubernetes, "resourceVersion=99"));
  CHECK(kubernetes.world().health.state == HealthState::healthy);
  CHECK(exported_pods(kubernetes) == Names{"p2", "p3"});
}

TEST_CASE(
    "discovery.kubernetes: many changes are told once a second, and what changes no label is not told") {
  Harness kubernetes(kServer);
  kubernetes.start();
  answer(kubernetes, kubernetes_list("", "10"));
  for (int i = 0; i < 100; ++i) {
    tell(kubernetes, kubernetes_event("ADDED", kubernetes_pod("p" + std::to_string(i), "11")));
    kubernetes.advance(100ms);
  }
  CHECK(kubernetes.world().published.size() >= 10);
  CHECK(kubernetes.world().published.size() <= 12);
  kubernetes.advance(1s);
  auto before = kubernetes.world().published.size();
  tell(kubernetes, kubernetes_event("MODIFIED", kubernetes_pod("p1", "200")));
  kubernetes.advance(2s);
  CHECK(kubernetes.world().published.size() == before);
}

TEST_CASE("discovery.kubernetes: when the server has forgotten our version, it lists again") {
  Harness kubernetes(kServer);
  kubernetes.start();
  answer(kubernetes, kubernetes_list(kubernetes_pod("p1", "1"), "10"));
  tell(kubernetes, weir::tests::kubernetes_error(410, "too old"));
  CHECK(last_fetch(kubernetes).request.url == "http://api:8080/api/v1/pods?limit=500");
  CHECK(exported_pods(kubernetes) == Names{"p1"});
  answer(kubernetes, kubernetes_list(kubernetes_pod("p2", "30"), "30"));
  kubernetes.advance(1s);
  CHECK(exported_pods(kubernetes) == Names{"p2"});
}

TEST_CASE("discovery.kubernetes: while it lists again new objects have their targets, page by page") {
  Harness kubernetes("role = \"endpoints\"\napi_server = \"http://api:8080/\"");
  kubernetes.start();
  auto& fetches = kubernetes.world().fetches;
  auto endpoints = [](const char* name) {
    return fmt::format(R"({{"metadata": {{"namespace": "shop", "name": "{}", "uid": "u-{}"}},
        "subsets": [{{"addresses": [{{"ip": "10.1.0.1"}}], "ports": [{{"port": 80}}]}}]}})",
                       name, name);
  };
  auto list = [&](const std::string& path, const std::string& items, const std::string& next = "") {
    auto newest = std::ranges::find_if(fetches.rbegin(), fetches.rend(), [&](const auto& fetch) {
      return !fetch->done && fetch->request.url.contains("/" + path + "?");
    });
    REQUIRE(newest != fetches.rend());
    answer_whole(**newest, kubernetes_list(items, "10", next));
    kubernetes.run();
  };
  list("pods", "");
  list("services", "");
  list("endpoints", endpoints("a"));
  const std::string before = kubernetes.world().health.message;
  CHECK(before == "1 endpoints object, 1 target");
  auto watch = std::ranges::find_if(
      fetches, [](const auto& fetch) { return !fetch->done && fetch->request.url.contains("/endpoints?"); });
  REQUIRE(watch != fetches.end());
  (*watch)->head({.status = 200, .headers = {}, .body = {}});
  (*watch)->data(weir::tests::kubernetes_error(410, "too old"));
  kubernetes.run();
  list("endpoints", endpoints("a") + "," + endpoints("b"), "token/2");
  kubernetes.advance(2s);
  CHECK(kubernetes.world().health.message == "2 endpoints objects, 2 targets");
  list("endpoints", endpoints("c"));
  kubernetes.advance(2s);
  CHECK(kubernetes.world().health.message == "3 endpoints objects, 3 targets");
}

TEST_CASE("discovery.kubernetes: each role looks at what its labels come from") {
  struct Row {
    const char* body;
    std::vector<std::string> requests;
  };
  const std::string core = "/api/v1/";
  const Row rows[] = {
      {"role = \"pod\"", {core + "pods?limit=500"}},
      {"role = \"node\"", {core + "nodes?limit=500"}},
      {"role = \"service\"", {core + "services?limit=500"}},
      {"role = \"ingress\"", {"/apis/networking.k8s.io/v1/ingresses?limit=500"}},
      {"role = \"endpoints\"",
       {core + "endpoints?limit=500", core + "pods?limit=500", core + "services?limit=500"}},
      {"role = \"endpointslice\"",
       {"/apis/discovery.k8s.io/v1/endpointslices?limit=500", core + "pods?limit=500",
        core + "services?limit=500"}},
      {"role = \"pod\"\nattach_metadata {\n node = true\n namespace = true\n}",
       {core + "pods?limit=500", core + "nodes?limit=500", core + "namespaces?limit=500"}},
      {"role = \"pod\"\nattach_metadata { node = true }\nselectors {\n role = \"pod\"\n field = "
       "\"spec.nodeName=n1\"\n}",
       {core + "pods?limit=500&resourceVersion=0&fieldSelector=spec.nodeName%3Dn1",
        core + "nodes?limit=500&resourceVersion=0&fieldSelector=metadata.name%3Dn1"}},
      {"role = \"service\"\nattach_metadata { namespace = true }\nnamespaces { names = [\"b\", \"a\", \"b\"] "
       "}",
       {core + "namespaces/a/services?limit=500", core + "namespaces/b/services?limit=500",
        core + "namespaces?limit=500&resourceVersion=0&fieldSelector=metadata.name%3Da",
        core + "namespaces?limit=500&resourceVersion=0&fieldSelector=metadata.name%3Db"}},
      {"role = \"pod\"\nattach_metadata { node = true }\nselectors {\n role = \"node\"\n label = \"a=b\"\n}",
       {core + "pods?limit=500", core + "nodes?limit=500&labelSelector=a%3Db"}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.body);
    CHECK(first_requests(row.body) == row.requests);
  }
}

TEST_CASE("discovery.kubernetes: namespaces and selectors go to the server") {
  Harness kubernetes(std::string(kServer) + R"(
    namespaces { names = ["b", "a"] }
    selectors {
      role = "pod"
      label = "app=shop"
    })");
  kubernetes.start();
  REQUIRE(kubernetes.world().fetches.size() == 2);
  CHECK(kubernetes.world().fetches[0]->request.url ==
        "http://api:8080/api/v1/namespaces/a/pods?limit=500&labelSelector=app%3Dshop");
  answer_whole(*kubernetes.world().fetches[0], kubernetes_list(kubernetes_pod("p1", "1"), "1"));
  kubernetes.advance(2s);
  CHECK(exported_pods(kubernetes) == Names{"nothing exported"});
  answer_whole(*kubernetes.world().fetches[1], kubernetes_list(kubernetes_pod("p2", "1"), "1"));
  kubernetes.run();
  CHECK(exported_pods(kubernetes) == Names{"p1", "p2"});
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
      {"role = \"pod\"\nselectors { role = \"node\" }", "only with attach_metadata { node = true }"},
      {"role = \"pod\"\nkubeconfig_file = \"f\"\nbearer_token = \"t\"", "the kubeconfig_file has its own"},
      {"role = \"pod\"\nkubeconfig_file = \"f\"\nnamespaces { own_namespace = true }",
       "leave out api_server and kubeconfig_file"},
      {"role = \"pod\"\nselectors {\n role = \"pod\"\n label = \"a b\"\n}",
       "=, !=, in or notin is missing before \"b\""},
      {"role = \"pod\"\nselectors {\n role = \"pod\"\n label = \"a in b\"\n}",
       "values in parentheses is missing"},
      {"role = \"pod\"\nselectors {\n role = \"pod\"\n label = \"a in (b\"\n}",
       "closing parenthesis is missing at the end"},
      {"role = \"pod\"\nselectors {\n role = \"pod\"\n label = \"a,,b\"\n}",
       "name of a label is missing before \",b\""},
      {"role = \"pod\"\nselectors {\n role = \"pod\"\n field = \"spec.nodeName\"\n}",
       "is not of the form field=value"},
      {"role = \"pod\"\nselectors {\n role = \"pod\"\n field = \"a=b,=c\"\n}", "names no field"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.body);
    auto decoded = weir::testing::decode_text<Kubernetes::Arguments>(row.body);
    REQUIRE_FALSE(decoded);
    CHECK_MESSAGE(decoded.error().find(row.error) != std::string::npos, decoded.error());
  }
}

TEST_CASE("discovery.kubernetes: selectors that the API takes") {
  for (const char* label : {"", "a", "!a", "a=b", "a==b,c!=d",
                            "app.kubernetes.io/name in (x, y),z notin (w), !q", "a>3", "a=", " a = b , c "}) {
    CAPTURE(label);
    CHECK(check_label_selector(label));
  }
  for (const char* field : {"", "spec.nodeName=n1", "a==b,c!=d", "a=b\\,c", "a="}) {
    CAPTURE(field);
    CHECK(check_field_selector(field));
  }
}

}  // namespace weir::discovery
