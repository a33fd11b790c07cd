#include <doctest/doctest.h>

#include <string>

#include "components/discovery/docker.h"
#include "components/discovery/docker_targets.h"
#include "tests/support/component_harness.h"

using namespace std::literals;

namespace weir::discovery {

using weir::runtime::FetchResponse;
using weir::runtime::HealthState;

namespace {

constexpr std::string_view kHost = R"(host = "unix:///run/docker.sock")";
constexpr std::string_view kNetworks = R"([
  {"Id": "n1", "Name": "bridge", "Scope": "local", "Internal": false, "Ingress": true, "Labels": {"a.b": "c"}},
  {"Id": "n2", "Name": "other", "Scope": "local", "Internal": true, "Ingress": false, "Labels": null}])";

std::string container(std::string id, std::string networks, std::string ports = "[]",
                      std::string mode = "bridge") {
  return R"({"Id": ")" + id + R"(", "Names": ["/)" + id + R"("], "Image": "img", "ImageID": "sha256:1",)" +
         R"("Labels": {"app.kubernetes.io/name": "shop"}, "HostConfig": {"NetworkMode": ")" + mode +
         R"("}, "Ports": )" + ports + R"(, "NetworkSettings": {"Networks": )" + networks + "}}";
}

std::string joined(const Targets& targets, std::string_view label) {
  std::string text;
  for (const auto& target : targets) text += std::string(target->get(label)) + " ";
  return text;
}

using Harness = weir::testing::ComponentHarness<Docker>;

weir::testing::FakeFetch* pending(Harness& docker, std::string_view target) {
  for (auto& fetch : docker.world().fetches) {
    bool there = !fetch->done && !fetch->cancelled;
    if (there && fetch->request.unix_target.starts_with(target)) return fetch.get();
  }
  return nullptr;
}

void answer_listing(Harness& docker, std::string containers) {
  auto* list = pending(docker, "/containers/json");
  auto* networks = pending(docker, "/networks");
  REQUIRE(list);
  REQUIRE(networks);
  list->answer(FetchResponse{.status = 200, .body = std::move(containers)});
  networks->answer(FetchResponse{.status = 200, .body = std::string(kNetworks)});
  docker.run();
}

Targets exported(Harness& docker) {
  return weir::lang::Codec<Targets>::from_value(*docker.world().exports.as_map()->find("targets")).value();
}

}  // namespace

TEST_CASE("discovery.docker: targets of a container") {
  const std::string one = R"({"bridge": {"NetworkID": "n1", "IPAddress": "172.17.0.2"}})";
  const std::string two =
      R"({"zwei": {"NetworkID": "n2", "IPAddress": "10.0.0.2"}, "bridge": {"NetworkID": "n1", "IPAddress": "172.17.0.2"}})";
  const std::string ports =
      R"([{"IP": "0.0.0.0", "PrivatePort": 8080, "PublicPort": 80, "Type": "tcp"}, {"PrivatePort": 53, "Type": "udp"},
          {"PrivatePort": 9090, "Type": "tcp"}])";
  struct Row {
    const char* name;
    std::string containers;
    bool first_network;
    std::string addresses;
  };
  const Row rows[] = {
      {"a port each", container("c1", one, ports), true, "172.17.0.2:8080 172.17.0.2:9090 "},
      {"no port", container("c1", one), true, "172.17.0.2:80 "},
      {"the first network", container("c1", two), true, "172.17.0.2:80 "},
      {"all networks", container("c1", two), false, "10.0.0.2:80 172.17.0.2:80 "},
      {"the host's network",
       container("c1", R"({"host": {"NetworkID": "n3", "IPAddress": ""}})", "[]", "host"), true,
       "localhost "},
      {"IPv6", container("c1", R"({"b": {"IPAddress": "", "GlobalIPv6Address": "fd00::2"}})"), true,
       "[fd00::2]:80 "},
      {"the network of another container",
       container("c1", one) + "," + container("c2", "{}", "[]", "container:c1"), true,
       "172.17.0.2:80 172.17.0.2:80 "},
      {"no network at all", container("c1", "{}"), true, ":80 "},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    auto found =
        docker_targets("[" + row.containers + "]", kNetworks, {.match_first_network = row.first_network});
    REQUIRE(found);
    CHECK(joined(found->targets, "__address__") == row.addresses);
  }
}

TEST_CASE("discovery.docker: what the older dialect does not know") {
  const std::string containers =
      "[" + container("c1", R"({"b": {"IPAddress": "", "GlobalIPv6Address": "fd00::2"}})") + "," +
      container("c2", "{}", "[]", "container:c1") + "]";
  auto older = docker_targets(containers, kNetworks, {.dialect = weir::lang::Dialect::river});
  REQUIRE(older);
  CHECK(joined(older->targets, "__address__") == ":80 :80 ");
  CHECK(joined(older->targets, "__meta_docker_network_ip") == "  ");
  CHECK(joined(older->targets, "__meta_docker_container_image") == "  ");
  auto newer = docker_targets(containers, kNetworks, {});
  REQUIRE(newer);
  CHECK(joined(newer->targets, "__address__") == "[fd00::2]:80 [fd00::2]:80 ");
  CHECK(joined(newer->targets, "__meta_docker_container_image") == "img img ");

  for (auto dialect : {weir::lang::Dialect::river, weir::lang::Dialect::alloy}) {
    auto arguments = weir::testing::decode_text<Docker::Arguments>(kHost, {.eval = {.dialect = dialect}});
    REQUIRE(arguments);
    CHECK(arguments->match_first_network == (dialect == weir::lang::Dialect::alloy));
    CHECK(arguments->dialect == dialect);
  }
}

TEST_CASE("discovery.docker: an answer that would make too much is an error") {
  // Networks times ports.
  std::string networks, ports;
  for (int i = 0; i < 400; ++i) {
    networks += (i ? "," : "") + ("\"n" + std::to_string(i) + "\": {\"IPAddress\": \"10.0.0.1\"}");
    ports += (i ? "," : "") + ("{\"PrivatePort\": " + std::to_string(i) + ", \"Type\": \"tcp\"}");
  }
  std::string text = "[" + container("c1", "{" + networks + "}", "[" + ports + "]") + "]";
  auto found = docker_targets(text, "[]", {.match_first_network = false});
  REQUIRE_FALSE(found);
  CHECK(found.error().message.starts_with("the containers make more than 100000 targets"));
  CHECK(docker_targets(text, "[]", {}));
}

TEST_CASE("discovery.docker: podman names no network, and answers with the first event only") {
  auto found = docker_targets(
      R"([{"Id": "p1", "Names": ["/w"], "Image": "i", "Labels": {}, "NetworkSettings": {"Networks": null}}])",
      kNetworks, {});
  REQUIRE(found);
  CHECK(joined(found->targets, "__meta_docker_container_name") == "/w ");

  Harness podman(kHost);
  podman.start();
  auto* events = pending(podman, "/events");
  REQUIRE(events);
  CHECK(events->request.header_timeout == weir::Duration::zero());
  CHECK(events->request.unix_target.find("%22died%22") != std::string::npos);
  answer_listing(podman, "[]");
  CHECK(podman.world().health.state == HealthState::healthy);
  events->head({.status = 200});
  events->data(R"({"status":"start"})");
  podman.advance(500ms);
  answer_listing(podman, "[" + container("c1", "{}") + "]");
  CHECK(exported(podman).size() == 1);
}

TEST_CASE("discovery.docker: labels of a target") {
  auto found = docker_targets(
      "[" +
          container("c1", R"({"bridge": {"NetworkID": "n1", "IPAddress": "172.17.0.2"}})",
                    R"([{"IP": "0.0.0.0", "PrivatePort": 8080, "PublicPort": 80, "Type": "tcp"}])") +
          "]",
      kNetworks, {});
  REQUIRE(found);
  REQUIRE(found->targets.size() == 1);
  CHECK(*found->targets[0] == *Target::make({
                                  {"__address__", "172.17.0.2:8080"},
                                  {"__meta_docker_container_id", "c1"},
                                  {"__meta_docker_container_name", "/c1"},
                                  {"__meta_docker_container_image", "img"},
                                  {"__meta_docker_container_image_id", "sha256:1"},
                                  {"__meta_docker_container_network_mode", "bridge"},
                                  {"__meta_docker_container_label_app_kubernetes_io_name", "shop"},
                                  {"__meta_docker_network_id", "n1"},
                                  {"__meta_docker_network_name", "bridge"},
                                  {"__meta_docker_network_scope", "local"},
                                  {"__meta_docker_network_internal", "false"},
                                  {"__meta_docker_network_ingress", "true"},
                                  {"__meta_docker_network_label_a_b", "c"},
                                  {"__meta_docker_network_ip", "172.17.0.2"},
                                  {"__meta_docker_port_private", "8080"},
                                  {"__meta_docker_port_public", "80"},
                                  {"__meta_docker_port_public_ip", "0.0.0.0"},
                              }));
}

TEST_CASE("discovery.docker: the order of the daemon's answer does not matter") {
  std::string a = container("a", "{}"), b = container("b", "{}");
  auto one = docker_targets("[" + a + "," + b + "]", "[]", {});
  auto two = docker_targets("[" + b + "," + a + "]", "[]", {});
  REQUIRE(one);
  REQUIRE(two);
  CHECK(one->targets == two->targets);
}

TEST_CASE("discovery.docker: answers that are no listings are errors") {
  for (std::string_view text : {"", "{", "{}", "null", "[1"}) {
    CAPTURE(text);
    CHECK_FALSE(docker_targets(text, "[]", {}));
    CHECK_FALSE(docker_targets("[]", text, {}));
  }
  CHECK(docker_targets("[1, null, {\"Id\": 3}]", "[4]", {}));
}

TEST_CASE("discovery.docker: a started container shows, a stopped one goes, within a second") {
  Harness docker(kHost);
  docker.start();
  auto* events = pending(docker, "/events?filters=");
  REQUIRE(events);
  CHECK(events->request.url == "unix:///run/docker.sock");
  CHECK(events->request.idle_timeout == weir::Duration::zero());
  events->head({.status = 200});
  answer_listing(docker, "[]");
  CHECK(exported(docker).size() == 0);
  CHECK(docker.world().health.message == "0 running containers, 0 targets: the daemon runs none");

  events->data(R"({"status":"start"})");
  docker.advance(500ms);
  answer_listing(docker, "[" + container("c1", "{}") + "]");
  CHECK(exported(docker).size() == 1);
  CHECK(docker.world().health.message == "1 running container, 1 target");

  events->data(R"({"status":"die"})");
  docker.advance(500ms);
  answer_listing(docker, "[]");
  CHECK(exported(docker).size() == 0);
}

TEST_CASE("discovery.docker: an event during a listing makes another one") {
  Harness docker(kHost);
  docker.start();
  pending(docker, "/events")->head({.status = 200});
  pending(docker, "/events")->data("{}");
  docker.advance(200ms);
  answer_listing(docker, "[]");
  docker.advance(200ms);
  answer_listing(docker, "[" + container("c1", "{}") + "]");
  CHECK(exported(docker).size() == 1);
}

TEST_CASE("discovery.docker: without a daemon it says what to do, and comes back with it") {
  Harness docker(kHost);
  docker.start();
  pending(docker, "/events")
      ->answer(weir::fail("GET unix:///run/docker.sock/events?filters=%7B: connect to /run/docker.sock: no "
                          "such file or directory"));
  docker.run();
  CHECK(docker.world().health.state == HealthState::unhealthy);
  CHECK(
      docker.world().health.message.starts_with("connect to /run/docker.sock: no such file or directory: is "
                                                "the Docker daemon running? weir tries again in "));
  CHECK_FALSE(pending(docker, "/"));
  docker.advance(2s);
  pending(docker, "/events")->head({.status = 200});
  answer_listing(docker, "[" + container("c1", "{}") + "]");
  CHECK(docker.world().health.state == HealthState::healthy);

  // The daemon restarts: the targets stay until it is back.
  pending(docker, "/events")->answer(FetchResponse{.status = 200});
  docker.run();
  CHECK(docker.world().health.state == HealthState::unhealthy);
  CHECK(exported(docker).size() == 1);
  docker.advance(2s);
  pending(docker, "/events")->head({.status = 200});
  answer_listing(docker, "[]");
  CHECK(exported(docker).size() == 0);
}

TEST_CASE("discovery.docker: a daemon without events is asked every refresh_interval") {
  Harness docker(std::string(kHost) + "\nrefresh_interval = \"10s\"");
  docker.start();
  auto* events = pending(docker, "/events");
  events->head({.status = 403});
  events->answer(FetchResponse{.status = 403});
  answer_listing(docker, "[]");
  CHECK(docker.world().health.message.find("refuses to tell of changes (HTTP 403)") != std::string::npos);
  docker.advance(10s);
  answer_listing(docker, "[" + container("c1", "{}") + "]");
  CHECK(exported(docker).size() == 1);
}

TEST_CASE("discovery.docker: filters are Docker's own") {
  Harness docker(std::string(kHost) + R"(
    filter {
      name = "label"
      values = ["a=b", "c"]
    })");
  docker.start();
  CHECK(pending(docker, "/containers/json")->request.unix_target ==
        "/containers/json?filters=%7B%22label%22%3A%5B%22a%3Db%22%2C%22c%22%5D%7D");
}

TEST_CASE("discovery.docker: hosts") {
  struct Row {
    const char* host;
    const char* url;  // "": refused
    const char* more = "";
  };
  const Row rows[] = {
      {"unix:///run/docker.sock", "unix:///run/docker.sock"},
      {"tcp://h:2375", "http://h:2375/networks"},
      {"tcp://h:2376", "https://h:2376/networks", "tls_config { insecure_skip_verify = true }"},
      {"http://h:2375", "http://h:2375/networks"},
      {"https://h/", "https://h/networks"},
      {"npipe:////./pipe/docker", ""},
      {"h:2375", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.host);
    auto arguments = weir::testing::decode_text<Docker::Arguments>("host = \"" + std::string(row.host) +
                                                                   "\"\n" + row.more);
    CHECK(arguments.has_value() == (*row.url != 0));
    if (!arguments) continue;
    Harness docker(*arguments);
    docker.start();
    CHECK(docker.world().fetches.back()->request.url == row.url);
  }
}

}  // namespace weir::discovery
