// A scripted API server of Kubernetes: what it says, word by word.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "components/discovery/kubernetes.h"
#include "tests/support/component_harness.h"

namespace weir::tests {

using KubernetesHarness = weir::testing::ComponentHarness<weir::discovery::Kubernetes>;

inline std::string kubernetes_pod(const std::string& name, const std::string& version,
                                  const std::string& ip = "10.1.0.1") {
  return R"({"metadata": {"namespace": "shop", "name": ")" + name + R"(", "uid": "u-)" + name +
         R"(", "resourceVersion": ")" + version +
         R"("}, "spec": {"nodeName": "n1", "containers": [{"name": "main"}, {"name": "side"}]},
            "status": {"podIP": ")" +
         ip + R"("}})";
}

inline std::string kubernetes_list(const std::string& items, const std::string& version,
                                   const std::string& next = "") {
  return R"({"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": ")" + version +
         R"(", "continue": ")" + next + R"("}, "items": [)" + items + "]}";
}

// One line of a watch.
inline std::string kubernetes_event(const std::string& type, const std::string& object) {
  std::string text = R"({"type": ")" + type + R"(", "object": )" + object + "}";
  std::erase(text, '\n');
  return text + "\n";
}

inline std::string kubernetes_error(int code, const std::string& message) {
  return kubernetes_event("ERROR", R"({"kind": "Status", "code": )" + std::to_string(code) +
                                       R"(, "message": ")" + message + "\"}");
}

inline weir::testing::FakeFetch& last_fetch(KubernetesHarness& kubernetes) {
  REQUIRE_FALSE(kubernetes.world().fetches.empty());
  return *kubernetes.world().fetches.back();
}

// A whole answer to one request, in two pieces.
inline void answer_whole(weir::testing::FakeFetch& fetch, const std::string& body, int status = 200,
                         runtime::HeaderList headers = {}) {
  fetch.head({.status = status, .headers = std::move(headers), .body = {}});
  fetch.data(body.substr(0, body.size() / 2));
  fetch.data(body.substr(body.size() / 2));
  fetch.answer(runtime::FetchResponse{.status = status, .headers = {}, .body = {}});
}

inline void answer(KubernetesHarness& kubernetes, const std::string& body, int status = 200,
                   runtime::HeaderList headers = {}) {
  answer_whole(last_fetch(kubernetes), body, status, std::move(headers));
  kubernetes.run();
}

// A watch that has begun, and what it tells.
inline void tell(KubernetesHarness& kubernetes, const std::string& lines) {
  last_fetch(kubernetes).head({.status = 200, .headers = {}, .body = {}});
  last_fetch(kubernetes).data(lines);
  kubernetes.run();
}

inline bool asks_for(KubernetesHarness& kubernetes, std::string_view what) {
  return last_fetch(kubernetes).request.url.find(what) != std::string::npos;
}

// One field of what the component tells of itself; of blocks the first that has it. As text: no matter of
// which kind a number is.
inline std::string debug_text(const weir::lang::BodyValue& body, std::string_view name) {
  std::string found;
  for (const auto& statement : body.statements) {
    if (!found.empty()) break;
    if (statement.body) found = debug_text(*statement.body, name);
    if (!statement.body && statement.name == name) found = weir::lang::describe(statement.value);
  }
  return found;
}

// The names of the pods whose targets are exported.
inline std::vector<std::string> exported_pods(KubernetesHarness& kubernetes) {
  std::vector<std::string> names;
  auto exported = kubernetes.world().exports.as_map();
  if (!exported) return {"nothing exported"};
  auto targets = weir::lang::Codec<weir::discovery::Targets>::from_value(*exported->find("targets")).value();
  for (const auto& target : targets) {
    std::string name(target->get("__meta_kubernetes_pod_name"));
    if (names.empty() || names.back() != name) names.push_back(name);
  }
  return names;
}

}  // namespace weir::tests
