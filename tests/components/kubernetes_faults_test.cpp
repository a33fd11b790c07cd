// What an API server can do wrong: what is known stays, health says what and since when, and it is not asked
// too often.
#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "tests/components/kubernetes_server.h"

using namespace std::literals;

namespace weir::discovery {

using weir::runtime::FetchResponse;
using weir::runtime::HealthState;
using weir::tests::answer;
using weir::tests::asks_for;
using weir::tests::exported_pods;
using weir::tests::kubernetes_error;
using weir::tests::kubernetes_event;
using weir::tests::kubernetes_list;
using weir::tests::kubernetes_pod;
using weir::tests::last_fetch;
using weir::tests::tell;
using Harness = weir::tests::KubernetesHarness;
using Names = std::vector<std::string>;

namespace {

constexpr std::string_view kServer = "role = \"pod\"\napi_server = \"http://api:8080/\"";

std::string status_of(const std::string& message) {
  return R"({"kind": "Status", "message": ")" + message + "\"}";
}

void break_off(Harness& kubernetes, const std::string& why) {
  last_fetch(kubernetes).answer(weir::fail("{}", why));
  kubernetes.run();
}

bool is_waiting(Harness& kubernetes) {
  return last_fetch(kubernetes).done || last_fetch(kubernetes).cancelled;
}

// Until it asks again.
Duration waited(Harness& kubernetes) {
  std::size_t asked = kubernetes.world().fetches.size();
  Duration step = 50ms, all = 0ms;
  for (; kubernetes.world().fetches.size() == asked && all < 5min; all += step) kubernetes.advance(step);
  return all;
}

}  // namespace

TEST_CASE("discovery.kubernetes: faults of a watch") {
  struct Row {
    const char* name;
    std::function<void(Harness&)> fail;
    const char* message;
    bool lists;  // it does not trust what it knows, and asks for all
  };
  const Row rows[] = {
      {"the connection breaks", [](Harness& k) { break_off(k, "connection closed"); },
       "watch pods: connection closed; ", false},
      {"the connection breaks within an event",
       [](Harness& k) {
         tell(k, kubernetes_event("ADDED", kubernetes_pod("p9", "11")).substr(0, 60));
         break_off(k, "connection closed");
       },
       "watch pods: connection closed; ", false},
      {"forbidden", [](Harness& k) { answer(k, status_of("pods is forbidden"), 403); },
       "watch pods: the API server answered 403: pods is forbidden (give weir a ClusterRole that allows to "
       "list "
       "and watch pods); ",
       false},
      {"not known", [](Harness& k) { answer(k, status_of("Unauthorized"), 401); },
       "watch pods: the API server answered 401: Unauthorized (it does not know who asks: look at the token "
       "or "
       "the certificate); ",
       false},
      {"an error in the stream", [](Harness& k) { tell(k, kubernetes_error(500, "storage")); },
       "watch pods: storage; ", true},
      {"nonsense in the stream", [](Harness& k) { tell(k, "<html>\n"); },
       "watch pods: an event of the watch is not JSON", true},
      {"an event of an unknown type", [](Harness& k) { tell(k, kubernetes_event("NEW", "{}")); },
       "watch pods: an event of the watch is of the unknown type \"NEW\"; ", true},
      {"an event without end",
       [](Harness& k) {
         for (int i = 0; i < 65; ++i) tell(k, std::string(1 << 20, ' '));
       },
       "watch pods: an event does not end; ", false},
      {"an event byte by byte",
       [](Harness& k) {
         for (int i = 0; i < 70 && !is_waiting(k); ++i) {
           tell(k, " ");
           k.world().advance(1s);
         }
       },
       "watch pods: an event does not end; ", false},
      {"a stream that ends at once", [](Harness& k) { answer(k, ""); },
       "watch pods: the server ended it at once; ", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    Harness kubernetes(kServer);
    kubernetes.start();
    answer(kubernetes, kubernetes_list(kubernetes_pod("p1", "1"), "10"));
    row.fail(kubernetes);
    kubernetes.advance(1s);
    std::string message;
    for (const auto& health : kubernetes.world().healths) {
      if (health.state == HealthState::unhealthy) message = health.message;
    }
    CHECK_MESSAGE(message.starts_with(row.message), message);
    CHECK_MESSAGE(message.find("; the targets of 2026-01-01T00:0") != std::string::npos, message);
    CHECK_MESSAGE(message.find("; weir tries again in ") != std::string::npos, message);
    CHECK(exported_pods(kubernetes) == Names{"p1"});
    if (is_waiting(kubernetes)) kubernetes.advance(1s);
    CHECK(asks_for(kubernetes, "watch=1&") != row.lists);
    CHECK(exported_pods(kubernetes) == Names{"p1"});
    if (row.lists) {
      answer(kubernetes, kubernetes_list(kubernetes_pod("p2", "11"), "12"));
    } else {
      CHECK(asks_for(kubernetes, "&resourceVersion=10"));
      tell(kubernetes, kubernetes_event("ADDED", kubernetes_pod("p2", "11")) +
                           kubernetes_event("DELETED", kubernetes_pod("p1", "12")));
    }
    kubernetes.advance(1s);
    CHECK(kubernetes.world().health.state == HealthState::healthy);
    CHECK(exported_pods(kubernetes) == Names{"p2"});
  }
}

TEST_CASE("discovery.kubernetes: faults of a list") {
  struct Row {
    const char* name;
    std::function<void(Harness&)> fail;
    const char* message;
  };
  std::string whole = kubernetes_list(kubernetes_pod("p1", "1") + "," + kubernetes_pod("p2", "2"), "10");
  const Row rows[] = {
      {"refused", [](Harness& k) { break_off(k, "connection refused"); },
       "list pods: connection refused; weir tries again in"},
      {"cut off in the midst, which the connection tells",
       [&](Harness& k) {
         tell(k, whole.substr(0, 200));
         break_off(k, "connection closed");
       },
       "list pods: connection closed; weir tries again in"},
      {"cut off in the midst, which nothing tells", [&](Harness& k) { answer(k, whole.substr(0, 200)); },
       "list pods: the list is not JSON: incomplete JSON; weir tries again in"},
      {"an object that is none", [](Harness& k) { answer(k, kubernetes_list("{\"a\": }", "1")); },
       "list pods: an object of the list is not JSON: syntax error; weir tries again in"},
      {"something else", [](Harness& k) { answer(k, "{\"kind\": \"Status\"}"); },
       "list pods: the answer is not a list; weir tries again in"},
      {"no version", [](Harness& k) { answer(k, "{\"kind\": \"PodList\", \"items\": []}"); },
       "list pods: the list has no version; weir tries again in"},
      {"an object without end",
       [](Harness& k) {
         tell(k, R"({"kind": "PodList", "items": [")");
         for (int i = 0; i < 65; ++i) last_fetch(k).data(std::string(1 << 20, ' '));
         k.run();
       },
       "list pods: an object of the list does not end; weir tries again in"},
      {"the same page again and again",
       [&](Harness& k) {
         for (int i = 0; i < 2; ++i) answer(k, kubernetes_list(kubernetes_pod("p1", "1"), "10", "next"));
       },
       "list pods: the list does not end: the server names the same next page twice; weir tries again in"},
      {"pages in a circle",
       [&](Harness& k) {
         for (const char* next : {"a", "b", "c", "a"}) answer(k, kubernetes_list("", "10", next));
       },
       "list pods: the list does not end: the server names the same next page twice; weir tries again in"},
      {"pages without end",
       [&](Harness& k) {
         for (int i = 0; i <= 10'000; ++i) answer(k, kubernetes_list("", "10", std::to_string(i)));
       },
       "list pods: the list has more than 10000 pages; weir tries again in"},
      {"too busy", [](Harness& k) { answer(k, status_of("slow down"), 429, {{"Retry-After", "7"}}); },
       "list pods: the API server answered 429: slow down; weir tries again in"},
      {"forbidden", [](Harness& k) { answer(k, status_of("no"), 403); },
       "list pods: the API server answered 403: no (give weir a ClusterRole that allows to list and watch "
       "pods); "},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    Harness kubernetes(kServer);
    kubernetes.start();
    row.fail(kubernetes);
    kubernetes.advance(200ms);
    CHECK(kubernetes.world().health.state == HealthState::unhealthy);
    CHECK_MESSAGE(kubernetes.world().health.message.starts_with(row.message),
                  kubernetes.world().health.message);
    CHECK(exported_pods(kubernetes) == Names{"nothing exported"});
    kubernetes.advance(10s);
    CHECK(asks_for(kubernetes, "pods?limit=500"));
    answer(kubernetes, whole);
    CHECK(kubernetes.world().health.state == HealthState::healthy);
    CHECK(exported_pods(kubernetes) == Names{"p1", "p2"});
  }
}

TEST_CASE("discovery.kubernetes: what is too large to read is left out, and the others go on") {
  std::string large = kubernetes_pod("p1", std::string(17 << 20, '1'));
  // Less text than that, but very many values.
  std::string numbers = "1";
  for (int i = 0; i < 4'000'000; ++i) numbers += ",1";
  std::string values = kubernetes_pod("p1", "1").insert(1, "\"x\": [" + numbers + "], ");
  for (const std::string& pod : {large, values}) {
    CAPTURE(pod.size());
    Harness kubernetes(kServer);
    kubernetes.start();
    answer(kubernetes, kubernetes_list(pod + "," + kubernetes_pod("p2", "1"), "10"));
    CHECK(exported_pods(kubernetes) == Names{"p2"});
    CHECK(kubernetes.world().health.state == HealthState::healthy);
    CHECK(kubernetes.world().health.message == "1 pod, 2 targets; 1 object too large to read");
    // In one piece, and in several.
    std::string event = kubernetes_event("MODIFIED", pod);
    tell(kubernetes, event + kubernetes_event("ADDED", kubernetes_pod("p3", "11")));
    kubernetes.advance(1s);
    CHECK(exported_pods(kubernetes) == Names{"p2", "p3"});
    for (std::size_t at = 0; at < event.size(); at += 1 << 20) tell(kubernetes, event.substr(at, 1 << 20));
    tell(kubernetes, kubernetes_event("ADDED", kubernetes_pod("p4", "12")));
    kubernetes.advance(1s);
    CHECK(exported_pods(kubernetes) == Names{"p2", "p3", "p4"});
    CHECK(kubernetes.world().health.message == "3 pods, 6 targets; 3 objects too large to read");
    CHECK(weir::tests::debug_text(*kubernetes.world().debug_info, "too_large") == "3");
    CHECK(kubernetes.world().fetches.size() == 2);
  }
}

TEST_CASE("discovery.kubernetes: a list that breaks off takes nothing away") {
  Harness kubernetes(kServer);
  kubernetes.start();
  std::string p1 = kubernetes_pod("p1", "1");
  std::string p2 = kubernetes_pod("p2", "2");
  answer(kubernetes, kubernetes_list(p1 + "," + p2, "10"));
  tell(kubernetes, kubernetes_error(410, "too old"));
  answer(kubernetes, kubernetes_list(p2, "20", "more"));
  answer(kubernetes, status_of("the token is too old"), 410);
  kubernetes.advance(5s);
  CHECK(exported_pods(kubernetes) == Names{"p1", "p2"});
  CHECK(last_fetch(kubernetes).request.url == "http://api:8080/api/v1/pods?limit=500");
  answer(kubernetes, kubernetes_list(p2, "30"));
  kubernetes.advance(1s);
  CHECK(exported_pods(kubernetes) == Names{"p2"});
}

TEST_CASE("discovery.kubernetes: a namespace that is closed to us does not hide the others") {
  Harness kubernetes(std::string(kServer) + "\nnamespaces { names = [\"a\", \"b\"] }");
  kubernetes.start();
  auto fetches = kubernetes.world().fetches;
  weir::tests::answer_whole(*fetches[0], kubernetes_list(kubernetes_pod("p1", "1"), "1"));
  weir::tests::answer_whole(*fetches[1], status_of("no"), 403);
  kubernetes.advance(2s);
  CHECK(exported_pods(kubernetes) == Names{"nothing exported"});
  for (int tries = 0; tries < 10; ++tries) {
    answer(kubernetes, status_of("no"), 403);
    waited(kubernetes);
  }
  CHECK(exported_pods(kubernetes) == Names{"p1"});
  CHECK(kubernetes.world().health.state == HealthState::unhealthy);
  CHECK(
      kubernetes.world().health.message.starts_with("list pods: the API server answered 403: no (give weir a "
                                                    "Role in namespace b that allows to list and watch "
                                                    "pods); "));
  answer(kubernetes, kubernetes_list(kubernetes_pod("p2", "1"), "1"));
  kubernetes.advance(1s);
  CHECK(exported_pods(kubernetes).size() == 2);
  CHECK(kubernetes.world().health.state == HealthState::healthy);
}

TEST_CASE("discovery.kubernetes: a server that is away is looked for every second, however long") {
  Harness kubernetes(kServer);
  kubernetes.start();
  answer(kubernetes, kubernetes_list(kubernetes_pod("p1", "1"), "10"));
  break_off(kubernetes, "connection closed");
  for (int tries = 0; tries < 300; ++tries) {
    Duration wait = waited(kubernetes);
    CHECK(wait >= 500ms);
    CHECK(wait <= 1050ms);
    break_off(kubernetes, "connection refused");
  }
  CHECK(exported_pods(kubernetes) == Names{"p1"});
  // While it comes up it refuses; it is asked on as often.
  for (int second = 0; second < 10; ++second) {
    CHECK(waited(kubernetes) <= 1050ms);
    answer(kubernetes, status_of("not ready"), 503);
  }
  CHECK(waited(kubernetes) <= 1050ms);
  // What happened meanwhile is told without a pause.
  tell(kubernetes, kubernetes_event("ADDED", kubernetes_pod("p2", "11")));
  kubernetes.advance(100ms);
  CHECK(exported_pods(kubernetes) == Names{"p1", "p2"});
}

TEST_CASE("discovery.kubernetes: a server that says when to come back is not asked before") {
  Harness kubernetes(kServer);
  kubernetes.start();
  answer(kubernetes, status_of("slow down"), 429, {{"retry-after", "7"}});
  Duration wait = waited(kubernetes);
  CHECK(wait >= 7500ms);
  CHECK(wait <= 8100ms);
  answer(kubernetes, status_of("slow down"), 429, {{"retry-after", "100000"}});
  CHECK(waited(kubernetes) <= 62s);
}

TEST_CASE("discovery.kubernetes: a server that takes lists but no watches is asked less and less often") {
  for (int status : {200, 403, 410}) {
    CAPTURE(status);
    Harness kubernetes(kServer);
    kubernetes.start();
    int lists = 0, watches = 0, late = 0;
    for (int second = 0; second < 240; ++second) {
      while (!is_waiting(kubernetes)) {
        if (second >= 120) ++late;
        if (!asks_for(kubernetes, "watch=1")) {
          ++lists;
          answer(kubernetes, kubernetes_list(kubernetes_pod("p1", "1"), "10"));
        } else {
          ++watches;
          answer(kubernetes, "", status);
        }
      }
      kubernetes.advance(1s);
    }
    // A list costs the server much.
    CHECK(lists < 12);
    CHECK(watches > 2);
    CHECK(watches < 40);
    CHECK(late < 12);
    CHECK(exported_pods(kubernetes) == Names{"p1"});
  }
}

}  // namespace weir::discovery
