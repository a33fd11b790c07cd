#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "components/discovery/kubelet.h"
#include "tests/components/kubernetes_server.h"

using namespace std::literals;

namespace weir::discovery {

using weir::runtime::HealthState;
using weir::tests::answer_whole;
using weir::tests::debug_text;
using weir::tests::kubernetes_list;
using weir::tests::kubernetes_pod;
using Harness = weir::testing::ComponentHarness<Kubelet>;

namespace {

weir::testing::FakeFetch& last(Harness& kubelet) {
  REQUIRE_FALSE(kubelet.world().fetches.empty());
  return *kubelet.world().fetches.back();
}

void answer(Harness& kubelet, const std::string& body, int status = 200) {
  answer_whole(last(kubelet), body, status);
  kubelet.run();
}

std::size_t targets(Harness& kubelet) {
  auto exported = kubelet.world().exports.as_map();
  return exported ? lang::Codec<Targets>::from_value(*exported->find("targets")).value().size() : 999;
}

}  // namespace

TEST_CASE("discovery.kubelet: asks again and again; what is the same is told once") {
  Harness kubelet("bearer_token = \"t\"");
  kubelet.start();
  CHECK(last(kubelet).request.url == "https://localhost:10250/pods");
  CHECK(last(kubelet).request.headers.back().second == "Bearer t");
  answer(kubelet, kubernetes_list(kubernetes_pod("p1", ""), ""));
  CHECK(targets(kubelet) == 2);
  CHECK(kubelet.world().health.message == "1 pod, 2 targets");
  kubelet.advance(5s);
  REQUIRE(kubelet.world().fetches.size() == 2);
  answer(kubelet, kubernetes_list(kubernetes_pod("p1", ""), ""));
  CHECK(kubelet.world().published.size() == 1);
}

TEST_CASE("discovery.kubelet: a pod goes when it was missing for a minute") {
  Harness kubelet("");
  kubelet.start();
  std::string p1 = kubernetes_pod("p1", ""), p2 = kubernetes_pod("p2", "");
  std::string none = kubernetes_list("", ""), both = kubernetes_list(p1 + "," + p2, "");
  auto answers = [&](const std::string& body, int times) {
    for (int i = 0; i < times; ++i) {
      kubelet.advance(5s);
      answer(kubelet, body);
    }
  };
  answer(kubelet, both);
  // The kubelet has started anew: it knows none, then one, then both.
  answers(none, 4);
  CHECK(targets(kubelet) == 4);
  CHECK(kubelet.world().health.message ==
        "2 pods, 4 targets; 2 pods not in the last answer, and not given up yet");
  CHECK(kubelet.world().health.state == HealthState::healthy);
  answers(kubernetes_list(p2, ""), 4);
  answers(both, 1);
  CHECK(kubelet.world().health.message == "2 pods, 4 targets");
  CHECK(kubelet.world().published.size() == 1);
  // One is gone; answers that fail say nothing of it.
  answers(kubernetes_list(p2, ""), 1);
  answers("<html>", 11);
  CHECK(targets(kubelet) == 4);
  answers(kubernetes_list(p2, ""), 1);
  CHECK(targets(kubelet) == 2);
  CHECK(kubelet.world().health.message == "1 pod, 2 targets");
  CHECK(debug_text(*kubelet.world().debug_info, "missing") == "0");
  // It comes back, and its minute begins anew.
  answers(both, 1);
  answers(kubernetes_list(p2, ""), 12);
  CHECK(targets(kubelet) == 4);
  answers(kubernetes_list(p2, ""), 1);
  CHECK(targets(kubelet) == 2);
}

TEST_CASE("discovery.kubelet: a pod that is too large to read, and one that makes too much") {
  Harness kubelet("");
  kubelet.start();
  std::string ports;
  for (int i = 0; i < 10'001; ++i) ports += R"({"containerPort": 80},)";
  ports.pop_back();
  answer(kubelet,
         kubernetes_list(
             R"({"metadata": {"namespace": "a", "name": "many"}, "spec": {"containers": [{"ports": [)" +
                 ports + R"(]}]}, "status": {"podIP": "10.1.0.1"}},)" +
                 kubernetes_pod("p1", std::string(17 << 20, '1')) + "," + kubernetes_pod("p2", ""),
             ""));
  CHECK(targets(kubelet) == 10'002);
  CHECK(kubelet.world().health.state == HealthState::unhealthy);
  CHECK_MESSAGE(
      kubelet.world().health.message.starts_with("2 pods, 10002 targets; 1 pod too large to read; 1 target "
                                                 "of 1 object left out, such as of a/many: "),
      kubelet.world().health.message);
  CHECK(debug_text(*kubelet.world().debug_info, "too_large") == "1");
  CHECK(debug_text(*kubelet.world().debug_info, "left_out") == "1");
}

TEST_CASE("discovery.kubelet: only some namespaces, another address") {
  Harness kubelet("url = \"http://n1:10255/\"\nnamespaces = [\"other\"]\nrefresh_interval = \"1s\"");
  kubelet.start();
  CHECK(last(kubelet).request.url == "http://n1:10255/pods");
  answer(kubelet, kubernetes_list(kubernetes_pod("p1", ""), ""));
  CHECK(targets(kubelet) == 0);
  kubelet.apply("url = \"http://n1:10255/\"\nnamespaces = [\"other\", \"shop\"]");
  answer(kubelet, kubernetes_list(kubernetes_pod("p1", ""), ""));
  CHECK(targets(kubelet) == 2);
}

TEST_CASE("discovery.kubelet: failures are health; what is known stays") {
  struct Row {
    std::function<void(Harness&)> fail;
    const char* message;
  };
  const Row rows[] = {
      {[](Harness& k) { last(k).answer(weir::fail("GET https://localhost:10250/pods: connect: refused")); },
       "connect: refused; "},
      {[](Harness& k) { answer(k, "Unauthorized", 401); },
       "the kubelet answered 401: Unauthorized (it does not know who asks: name a service account's token in "
       "bearer_token_file); "},
      {[](Harness& k) { answer(k, "Forbidden", 403); },
       "the kubelet answered 403: Forbidden (bind the service account to a ClusterRole that allows to get "
       "nodes/proxy); "},
      {[](Harness& k) { answer(k, "<html>"); }, "the kubelet's answer: the list is not JSON: "},
      {[](Harness& k) { answer(k, "{\"items\": [{\"a\": }]}"); },
       "the kubelet's answer: an object of the list is not JSON: "},
      {[](Harness& k) { answer(k, kubernetes_list("", "").substr(0, 40)); },
       "the kubelet's answer: the list is not JSON: incomplete"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.message);
    Harness kubelet("");
    kubelet.start();
    answer(kubelet, kubernetes_list(kubernetes_pod("p1", ""), ""));
    kubelet.advance(5s);
    row.fail(kubelet);
    kubelet.run();
    CHECK(kubelet.world().health.state == HealthState::unhealthy);
    CHECK_MESSAGE(kubelet.world().health.message.starts_with(row.message), kubelet.world().health.message);
    CHECK(kubelet.world().health.message.ends_with(
        "; the targets of 2026-01-01T00:00:00.000Z stay; weir tries again in 5 s"));
    CHECK(targets(kubelet) == 2);
    kubelet.advance(5s);
    answer(kubelet, kubernetes_list(kubernetes_pod("p1", ""), ""));
    CHECK(kubelet.world().health.state == HealthState::healthy);
    CHECK(targets(kubelet) == 2);
  }
}

TEST_CASE("discovery.kubelet: what a config may not say") {
  CHECK_FALSE(weir::testing::decode_text<Kubelet::Arguments>("url = \"localhost:10250\""));
  CHECK_FALSE(weir::testing::decode_text<Kubelet::Arguments>("refresh_interval = \"0s\""));
  CHECK_FALSE(
      weir::testing::decode_text<Kubelet::Arguments>("bearer_token = \"a\"\nbearer_token_file = \"b\""));
}

}  // namespace weir::discovery
