#include <doctest/doctest.h>

#include <string>

#include "components/pyroscope/multipart.h"
#include "components/pyroscope/push_request.h"
#include "components/pyroscope/received.h"
#include "net/text.h"
#include "profile/pprof.h"
#include "profile/text_formats.h"
#include "tests/profile/sample_profile.h"

using namespace std::literals;

namespace weir {
namespace {

using pyroscope::read_ingest;
using pyroscope::read_push;
using pyroscope::Received;

constexpr std::size_t kLimit = 1 << 20;
constexpr WallTime kNow{std::chrono::seconds(1'767'225'600)};

net::Request request_of(std::string target, std::string content_type, std::string body) {
  net::Request request{.method = "POST", .target = std::move(target), .headers = {}, .body = std::move(body)};
  request.headers.set("Content-Type", content_type);
  return request;
}

std::string form(std::string_view profile, std::string_view config = "") {
  std::string body =
      "--b\r\nContent-Disposition: form-data; name=\"profile\"; filename=\"p;q.pprof\"\r\n"
      "Content-Type: application/octet-stream\r\n\r\n" +
      std::string(profile) + "\r\n";
  if (!config.empty()) {
    body += "--b\r\ncontent-disposition: form-data; name=sample_type_config\r\n\r\n" + std::string(config) +
            "\r\n";
  }
  return body + "--b--\r\n";
}

std::string said(const Received& received) {
  if (!received)
    return fmt::format("{} {}: {}", received.error().status, received.error().reason,
                       received.error().message);
  std::string text;
  for (const profile::Profile& profile : *received) {
    text += fmt::format(
        "{} {}:{} period {} value {} from {} for {} s\n", profile.labels.to_string(),
        profile.type.sample_type, profile.type.sample_unit, profile.period, profile.total(),
        std::chrono::duration_cast<std::chrono::seconds>(profile.start.time_since_epoch()).count(),
        std::chrono::duration_cast<std::chrono::seconds>(profile.duration).count());
  }
  return text;
}

std::string ingest(std::string query, std::string body, std::string content_type = "") {
  return said(read_ingest(request_of("/ingest?" + query, content_type, std::move(body)), kNow, kLimit));
}

}  // namespace

TEST_CASE("ingest: folded stacks, by name, unit and rate") {
  CHECK(ingest("name=shop.cpu%7Benv%3Dprod,region=eu%7D&from=1767225000&until=1767225010&sampleRate=50",
               "main;a 3\nmain;b 1\n") ==
        "{__name__=\"process_cpu\",env=\"prod\",region=\"eu\",service_name=\"shop\"} cpu:nanoseconds period "
        "20000000 "
        "value 80000000 from 1767225000 for 10 s\n");
  // A dot alone makes no type; times may come in smaller units; no time is now.
  CHECK(ingest("name=my.app&from=1767225000000&until=1767225010000000000&format=folded", "a 1") ==
        "{__name__=\"process_cpu\",service_name=\"my.app\"} cpu:nanoseconds period 10000000 value 10000000 "
        "from "
        "1767225000 for 10 s\n");
  CHECK(ingest("name=shop.inuse_space", "a;b 4096") ==
        "{__name__=\"memory\",service_name=\"shop\"} inuse_space:bytes period 0 value 4096 from 1767225600 "
        "for 0 s\n");
  CHECK(ingest("name=shop&units=objects", "a;b 7") ==
        "{__name__=\"memory\",service_name=\"shop\"} alloc_objects:count period 0 value 7 from 1767225600 "
        "for 0 s\n");
  CHECK(ingest("name=shop%7Bservice_name=till%7D&format=lines", "a;b\r\na;b\n\na\n") ==
        "{__name__=\"process_cpu\",app_name=\"shop\",service_name=\"till\"} cpu:nanoseconds period 10000000 "
        "value "
        "30000000 from 1767225600 for 0 s\n");
}

TEST_CASE("ingest: pprof as it is, gzipped, or in a form") {
  profile::Profile profile = profile::testing::sample_profile();
  std::string pprof = profile::encode_pprof(profile);
  std::string wanted =
      "{__name__=\"process_cpu\",service_name=\"shop\"} cpu:nanoseconds period 10309278 value 92783502 from "
      "1700000000 "
      "for 15 s\n";
  CHECK(ingest("name=shop.cpu&format=pprof", pprof) == wanted);
  CHECK(ingest("name=shop&format=pprof", profile::gzip(pprof)) == wanted);
  CHECK(ingest("name=shop", form(pprof), "multipart/form-data; boundary=b") == wanted);
  CHECK(ingest("name=shop&format=pprof",
               form(pprof, R"({"cpu": {"units": "nanoseconds", "cumulative": false}})"),
               "Multipart/Form-Data; boundary=\"b\"") == wanted);
  CHECK(
      ingest("name=shop", form(pprof, R"({"cpu": {"cumulative": true}})"), "multipart/form-data; boundary=b")
          .starts_with("422 cumulative: "));
}

TEST_CASE("ingest: what is refused, and why") {
  CHECK(ingest("", "a 1").starts_with("400 malformed: the parameter name is missing"));
  CHECK(ingest("name=a%7Bb", "a 1").starts_with("400 malformed: the labels in name do not end with }"));
  CHECK(ingest("name=a%7Bb%7D", "a 1") == "400 malformed: \"b\" in name is no k=v");
  CHECK(ingest("name=a&format=jfr", "FLR") ==
        "422 format: format \"jfr\": pprof, folded and lines are taken");
  CHECK(ingest("name=a", "no value").starts_with("400 malformed: line 1"));
  CHECK(ingest("name=a&sampleRate=1", "a 9223372036854775807") == "400 malformed: a value is too large");
  CHECK(ingest("name=a&format=pprof", "FLR").starts_with("400 malformed: decode pprof"));
  CHECK(ingest("name=a", "--b\r\n\r\n", "multipart/form-data; boundary=b")
            .starts_with("400 malformed: multipart"));
  CHECK(ingest("name=a", "", "multipart/form-data; boundary=b") ==
        "400 malformed: multipart: the boundary does not occur");
  CHECK(ingest("name=a", "--b--", "multipart/form-data; boundary=b") ==
        "400 malformed: the form has no field \"profile\"");
}

TEST_CASE("push: what weir sends is what weir receives") {
  profile::Profile profile = profile::testing::sample_profile();
  std::string body = pyroscope::encode_push(profile, {}).at(0)->body;
  auto received = read_push(request_of("/", "application/proto", body), kNow, kLimit);
  REQUIRE(received);
  REQUIRE(received->size() == 1);
  CHECK(received->front().id == profile.id);
  CHECK(received->front().labels == profile.labels);
  CHECK(profile::encode_folded(received->front()) == profile::encode_folded(profile));

  net::Request packed = request_of("/", "application/proto", profile::gzip(body));
  packed.headers.set("Content-Encoding", "gzip");
  CHECK(said(read_push(packed, kNow, kLimit)) == said(received));

  std::string text = fmt::format(
      R"({{"series": [{{"labels": [{{"name": "service_name", "value": "till"}}, {{"name": "__name__", "value": "wall"}}],
          "samples": [{{"rawProfile": "{}"}}]}}]}})",
      net::base64(profile::encode_pprof_gzip(profile)));
  CHECK(said(read_push(request_of("/", "application/json; charset=utf-8", text), kNow, kLimit)) ==
        "{__name__=\"wall\",service_name=\"till\"} cpu:nanoseconds period 10309278 value 92783502 from "
        "1700000000 for 15 "
        "s\n");
}

TEST_CASE("push: a profile that does not say what it counts has a name all the same") {
  // A string table with nothing in it, and a type without a name.
  std::string pprof("\x32\x00\x0a\x00", 4);
  std::string text =
      fmt::format(R"({{"series": [{{"samples": [{{"rawProfile": "{}"}}]}}]}})", net::base64(pprof));
  CHECK(
      said(read_push(request_of("/", "application/json", text), kNow, kLimit)) ==
      "{__name__=\"process_cpu\",service_name=\"unspecified\"} : period 0 value 0 from 1767225600 for 0 s\n");
}

TEST_CASE("push: what is refused, and why") {
  auto refused = [](std::string content_type, std::string body, std::size_t limit = kLimit) {
    return said(read_push(request_of("/", std::move(content_type), std::move(body)), kNow, limit));
  };
  profile::Profile profile = profile::testing::sample_profile();
  std::string body = pyroscope::encode_push(profile, {}).at(0)->body;
  CHECK(refused("application/grpc", body).starts_with("415 content_type: content type \"application/grpc\""));
  CHECK(refused("application/proto", "\xff").starts_with("400 malformed"));
  CHECK(refused("application/json", "{").starts_with("400 malformed"));
  CHECK(refused("application/json", R"({"series": [{"samples": [{"rawProfile": "*"}]}]})")
            .starts_with("400 malformed"));
  CHECK(refused("application/proto", body, 100).starts_with("400 malformed: the profile: "));
  for (std::size_t size = 0; size < body.size(); size += 7) {
    // Some of what is cut off is a message too, with fewer fields.
    auto received = read_push(request_of("/", "application/proto", body.substr(0, size)), kNow, kLimit);
    if (received) CHECK(received->size() <= 1);
  }
  net::Request packed = request_of("/", "application/proto", body);
  packed.headers.set("Content-Encoding", "zstd");
  CHECK(said(read_push(packed, kNow, kLimit)) ==
        "415 content_encoding: content encoding \"zstd\": only gzip is taken");
}

}  // namespace weir
