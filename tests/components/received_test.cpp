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

using pyroscope::Received;

constexpr std::size_t kMemory = 1 << 20;
constexpr WallTime kNow{std::chrono::seconds(1'767'225'600)};

net::Request request_of(std::string target, std::string content_type, std::string body) {
  net::Request request{.method = "POST", .target = std::move(target), .headers = {}, .body = std::move(body)};
  request.headers.set("Content-Type", content_type);
  return request;
}

Received read_push(const net::Request& request, std::size_t memory = kMemory) {
  profile::MemoryBudget budget(memory);
  return pyroscope::read_push(request, kNow, budget);
}

Received read_ingest(const net::Request& request, std::size_t memory = kMemory) {
  profile::MemoryBudget budget(memory);
  return pyroscope::read_ingest(request, kNow, budget);
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
  return said(read_ingest(request_of("/ingest?" + query, content_type, std::move(body))));
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
  auto received = read_push(request_of("/", "application/proto", body));
  REQUIRE(received);
  REQUIRE(received->size() == 1);
  CHECK(received->front().id == profile.id);
  CHECK(received->front().labels == profile.labels);
  CHECK(profile::encode_folded(received->front()) == profile::encode_folded(profile));

  net::Request packed = request_of("/", "application/proto", profile::gzip(body));
  packed.headers.set("Content-Encoding", "gzip");
  CHECK(said(read_push(packed)) == said(received));

  std::string text = fmt::format(
      R"({{"series": [{{"labels": [{{"name": "service_name", "value": "till"}}, {{"name": "__name__", "value": "wall"}}],
          "samples": [{{"rawProfile": "{}"}}]}}]}})",
      net::base64(profile::encode_pprof_gzip(profile)));
  CHECK(said(read_push(request_of("/", "application/json; charset=utf-8", text))) ==
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
      said(read_push(request_of("/", "application/json", text))) ==
      "{__name__=\"process_cpu\",service_name=\"unspecified\"} : period 0 value 0 from 1767225600 for 0 s\n");
}

TEST_CASE("push: what is refused, and why") {
  auto refused = [](std::string content_type, std::string body, std::size_t memory = kMemory) {
    return said(read_push(request_of("/", std::move(content_type), std::move(body)), memory));
  };
  profile::Profile profile = profile::testing::sample_profile();
  std::string body = pyroscope::encode_push(profile, {}).at(0)->body;
  CHECK(refused("application/grpc", body).starts_with("415 content_type: content type \"application/grpc\""));
  CHECK(refused("application/proto", "\xff").starts_with("400 malformed"));
  CHECK(refused("application/json", "{").starts_with("400 malformed"));
  CHECK(refused("application/json", R"({"series": [{"samples": [{"rawProfile": "*"}]}]})")
            .starts_with("400 malformed"));
  CHECK(refused("application/proto", body, 100).starts_with("413 too_large: "));
  for (std::size_t size = 0; size < body.size(); size += 7) {
    // Some of what is cut off is a message too, with fewer fields.
    auto received = read_push(request_of("/", "application/proto", body.substr(0, size)));
    if (received) CHECK(received->size() <= 1);
  }
  net::Request packed = request_of("/", "application/proto", body);
  packed.headers.set("Content-Encoding", "zstd");
  CHECK(said(read_push(packed)) == "415 content_encoding: content encoding \"zstd\": only gzip is taken");
}

// ---- bytes that stand for very many ----

// A field of a message: its number, its content.
std::string field(unsigned number, std::string_view content) {
  std::string out(1, static_cast<char>(number << 3 | 2));
  std::size_t size = content.size();
  for (; size >= 0x80; size >>= 7) out += static_cast<char>(size | 0x80);
  out += static_cast<char>(size);
  return out.append(content);
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

std::string numbered(std::size_t number) {
  std::string out;
  for (; number >= 0x80; number >>= 7) out += static_cast<char>(number | 0x80);
  return out += static_cast<char>(number);
}

std::string pprof_of(std::string_view rest) {
  return field(6, "") + field(6, "cpu") + field(1, "\x08\x01\x10\x01") + std::string(rest);
}

TEST_CASE("what is read takes no more memory than it may, however few bytes ask for it") {
  constexpr std::size_t kMany = 200'000;
  std::string labels;
  for (std::size_t i = 0; i < kMany / 64; ++i) {
    std::string sample = "\x10\x01";
    for (std::size_t label = 0; label < 60; ++label)
      sample += field(3, "\x08\x01\x18" + numbered(i * 64 + label));
    labels += field(2, sample);
  }
  auto locations = [](std::size_t count) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i) all += field(4, "\x08" + numbered(i + 1));
    return all;
  };
  std::string mappings;
  for (std::size_t i = 0; i < kMany; ++i) mappings += field(3, "\x08" + numbered(i + 1));
  std::string types;
  for (int i = 0; i < 16; ++i) types += field(6, std::string(1, static_cast<char>('a' + i)));
  for (int i = 0; i < 15; ++i) types += field(1, "\x08" + numbered(2 + static_cast<std::size_t>(i)));
  struct Row {
    const char* name;
    std::string pprof;
  };
  const Row rows[] = {
      {"labels, each set another", pprof_of(labels)},
      {"locations", pprof_of(locations(kMany))},
      {"mappings", pprof_of(mappings)},
      {"lines of a location", pprof_of(field(4, "\x08\x01" + repeated(field(4, ""), kMany)))},
      {"frames of one sample",
       pprof_of(field(4, "\x08\x01") + field(2, field(1, std::string(3'000'000, '\1')) + "\x10\x01"))},
      {"strings", pprof_of(repeated(field(6, ""), kMany))},
      {"sixteen types of everything", pprof_of(types + locations(10'000))}};
  for (const Row& row : rows) {
    SUBCASE(row.name) {
      std::string body = field(1, field(2, field(1, profile::gzip(row.pprof))));
      CAPTURE(row.pprof.size());
      CHECK(said(read_push(request_of("/", "application/proto", body), 4 * kMemory))
                .starts_with("413 too_large: "));
      profile::MemoryBudget plenty(1 << 30);
      CHECK(profile::decode_pprof_types(row.pprof, plenty));
    }
  }
}

TEST_CASE("labels of a series count for each of its profiles") {
  std::string label = field(1, field(1, "a") + field(2, std::string(60'000, 'b')));
  std::string body = field(1, label + repeated(field(2, field(1, profile::gzip(pprof_of("")))), 100));
  CHECK(said(read_push(request_of("/", "application/proto", body), 4 * kMemory))
            .starts_with("413 too_large: "));
  CHECK(said(read_push(request_of("/", "application/proto", body), 16 * kMemory)).starts_with("{__name__"));
}

TEST_CASE("a request is refused before more is made of it than may be") {
  auto refused = [](std::string type, std::string body) {
    return said(read_push(request_of("/", std::move(type), std::move(body))));
  };
  CHECK(refused("application/proto", repeated(field(1, ""), 2000)) == "400 malformed: more than 1024 series");
  CHECK(refused("application/proto", field(1, repeated(field(1, ""), 65))) ==
        "400 malformed: a series has more than 64 labels");
  CHECK(
      refused("application/proto", field(1, field(1, field(1, "a") + field(2, std::string(70'000, 'b'))))) ==
      "400 malformed: the labels of a series take more than 65536 bytes");
  CHECK(refused("application/proto", field(1, field(1, field(1, "a\xff")))) ==
        "400 malformed: a label is no UTF-8");
  CHECK(refused("application/json", "{\"x\": [" + repeated("0,", 100'000) + "0]}")
            .starts_with("413 too_large: "));
  CHECK(refused("application/json", "{\"a\": \"" + repeated(",", 100'000) + "\"}") == "");
  std::string deep = repeated("[", 100);
  CHECK(refused("application/json", deep).starts_with("400 malformed: the body is not JSON"));
  net::Request packed = request_of("/", "application/proto", profile::gzip(std::string(8 * kMemory, '\0')));
  packed.headers.set("Content-Encoding", "gzip");
  CHECK(said(read_push(packed)).starts_with("413 too_large: "));
}

TEST_CASE("folded stacks of very many short names take no more memory than they may") {
  std::string names;
  for (std::size_t i = 0; i < 40'000; ++i) names += fmt::format("{:x};", i);
  CHECK(ingest("name=a", names + "leaf 1").starts_with("413 too_large: "));
  CHECK(ingest("name=a&format=lines", repeated("a\n", 20'000)).starts_with("413 too_large: "));
}

TEST_CASE("memory that others hold is not there") {
  profile::SharedMemory shared(1 << 20);
  profile::MemoryBudget first(1 << 20, &shared);
  REQUIRE(first.take(900'000));
  profile::Profile profile = profile::testing::sample_profile();
  std::string body = pyroscope::encode_push(profile, {}).at(0)->body;
  {
    profile::MemoryBudget second(1 << 20, &shared);
    CHECK(said(pyroscope::read_push(request_of("/", "application/proto", body), kNow, second))
              .starts_with("429 busy: "));
  }
  CHECK(shared.held() >= 900'000);
}

TEST_CASE("times that cannot be are not added up") {
  std::string times = std::string("\x48") + numbered(static_cast<std::size_t>(INT64_MAX)) + "\x50" +
                      numbered(static_cast<std::size_t>(INT64_MAX));
  profile::MemoryBudget budget(kMemory);
  auto profiles = profile::decode_pprof_types(pprof_of(times), budget);
  REQUIRE(profiles);
  const profile::Profile& profile = profiles->at(0);
  CHECK(profile.start > WallTime());
  CHECK(profile.start + std::chrono::duration_cast<WallTime::duration>(profile.duration) > profile.start);
  std::string before = std::string("\x48") + numbered(static_cast<std::size_t>(INT64_MIN)) + "\x50" +
                       numbered(static_cast<std::size_t>(INT64_MIN));
  profiles = profile::decode_pprof_types(pprof_of(before), budget);
  REQUIRE(profiles);
  CHECK(profiles->at(0).start == WallTime());
  CHECK(profiles->at(0).duration == Duration::zero());
}

}  // namespace weir
