#include "net/text.h"
#include "profile/pprof.h"
#include "profile/text_formats.h"
#include "tests/web/store_fixture.h"

namespace weir::web::testing {
namespace {

constexpr std::int64_t kOne = 10'309'278;  // the value of a sample

// What a page in a file has inside.
boost::json::value data_of(std::string_view page) {
  constexpr std::string_view kMark = "id=\"profile\">";
  std::size_t from = page.find(kMark);
  REQUIRE(from != std::string_view::npos);
  from += kMark.size();
  auto zipped = net::from_base64(page.substr(from, page.find('<', from) - from));
  REQUIRE(zipped);
  auto text = profile::gunzip(*zipped, 1 << 20);
  REQUIRE(text);
  return boost::json::parse(*text);
}

TEST_CASE("web: a merge to take away") {
  StoreFixture site;
  auto named = profile::testing::sample_profile();
  named.labels = profile::Labels{{"service_name", "a/b\"\r\nX: y"}};
  site.store->add(named);
  auto response = site.get("/api/v0/web/profiles/pprof?service=checkout");
  CHECK(response.status == 200);
  CHECK(response.headers.get("Content-Disposition").starts_with("attachment; filename=\"checkout-"));
  auto profile = profile::decode_pprof(response.body, 1 << 20);
  REQUIRE(profile);
  CHECK(profile->total() == 9 * kOne);
  auto hostile = site.get("/api/v0/web/profiles/pprof?service=a%2Fb%22%0D%0AX%3A%20y");
  CHECK(hostile.status == 200);
  CHECK(hostile.headers.get("Content-Disposition").find("a_b___X__y-") != std::string_view::npos);
}

TEST_CASE("web: the same as lines, and for speedscope") {
  StoreFixture site;
  auto folded = site.get("/api/v0/web/profiles/folded?service=checkout");
  CHECK(folded.status == 200);
  CHECK(folded.headers.get("Content-Type") == "text/plain; charset=utf-8");
  CHECK(folded.headers.get("Content-Disposition").ends_with(".folded\""));
  auto read = profile::decode_folded(folded.body, 1 << 20);
  REQUIRE(read);
  CHECK(read->total() == 9 * kOne);
  auto speedscope = site.json("/api/v0/web/profiles/speedscope?service=checkout");
  CHECK(speedscope.at("$schema") == "https://www.speedscope.app/file-format-schema.json");
  CHECK(speedscope.at("profiles").as_array()[0].at("name") == "checkout");
}

TEST_CASE("web: a flame graph as a page of its own") {
  StoreFixture site;
  auto answer = site.get("/api/v0/web/profiles/html?service=checkout");
  CHECK(answer.status == 200);
  CHECK(answer.headers.get("Content-Type") == "text/html; charset=utf-8");
  // It is kept, never shown as a page of weir's own.
  CHECK(answer.headers.get("Content-Disposition").starts_with("attachment; filename=\"checkout-"));
  auto data = data_of(answer.body);
  CHECK(data.at("title") == "checkout");
  CHECK(data.at("unit") == "nanoseconds");
  CHECK(data.at("samples") == 9);
  CHECK(data.at("from") == kStart + 1000 - 3'600'000);
  CHECK(data.at("until") == kStart + 1000);
  CHECK(data.at("flame").at("total").as_array()[0] == 9 * kOne);
  CHECK_FALSE(data.as_object().contains("before"));
}

TEST_CASE("web: a comparison as a page of its own") {
  StoreFixture site;
  auto later = profile::testing::sample_profile();
  later.start += std::chrono::seconds(100);
  later.samples[0].value *= 3;
  site.store->add(later);
  auto other = profile::testing::sample_profile();
  other.labels = profile::Labels{{"service_name", "canary"}, {"__name__", "process_cpu"}};
  site.store->add(other);
  site.clock.now = StoreFixture::from(101'000);
  auto ranges = site.get(
      "/api/v0/web/profiles/html?service=checkout&from=1700000099000&before_from=1700000000000&before_until="
      "1700000002000");
  CHECK(ranges.headers.get("Content-Disposition").ends_with("-compared.html\""));
  auto data = data_of(ranges.body);
  CHECK(data.at("before") == "2023-11-14T22:13:20.000Z to 2023-11-14T22:13:22.000Z");
  CHECK(data.at("title") == "checkout, 2023-11-14T22:14:59.000Z to 2023-11-14T22:15:01.000Z");
  CHECK(data.at("flame").at("total").as_array()[0] == 19 * kOne);
  CHECK(data.at("flame").at("beforeTotal").as_array()[0] == 9 * kOne);
  auto services =
      data_of(site.get("/api/v0/web/profiles/html?service=checkout&from=1700000099000&before_service="
                       "canary&before_from=1700000000000&by=share")
                  .body);
  CHECK(services.at("before") == "canary");
  CHECK(services.at("title") == "checkout");
  CHECK(services.at("flame").at("beforeTotal").as_array()[0].to_number<double>() ==
        doctest::Approx(19.0 * kOne));
}

TEST_CASE("web: services of each type of profile") {
  StoreFixture site;
  auto memory = profile::testing::sample_profile();
  memory.type = {"memory", "inuse_space", "bytes", "space", "bytes"};
  site.store->add(memory);
  auto services = site.json("/api/v0/web/profiles/services").at("services").as_array();
  REQUIRE(services.size() == 2);
  auto flame = site.json("/api/v0/web/profiles/flame?service=checkout&type=memory:inuse_space");
  CHECK(flame.at("total") == 9 * kOne);
  CHECK(site.json("/api/v0/web/profiles/flame?service=checkout&type=wall").at("total") == 0);
}

}  // namespace
}  // namespace weir::web::testing
