#include "lang/field.h"

#include <doctest/doctest.h>

#include "lang/eval.h"

namespace weir::lang {
namespace {

using namespace std::chrono_literals;

struct Header {
  std::string block_label;
  std::string value;

  static constexpr auto fields() { return std::tuple{required("value", &Header::value, "What to send.")}; }
  bool operator==(const Header&) const = default;
};

struct Auth {
  std::string username;
  Secret password;

  static constexpr auto fields() {
    return std::tuple{optional("username", &Auth::username, "Who."),
                      optional("password", &Auth::password, "Their word.")};
  }
  bool operator==(const Auth&) const = default;
};

struct Retry {
  std::uint32_t times = 3;

  static constexpr auto fields() {
    return std::tuple{optional("times", &Retry::times, "How often.").at_most(10)};
  }
  bool operator==(const Retry&) const = default;
};

struct Arguments {
  std::string url;
  Duration interval = 15s;
  std::string mode = "full";
  std::map<std::string, std::string> labels;
  std::optional<Auth> auth;
  Retry retry = {.times = 5};
  std::vector<Header> headers;

  static constexpr auto fields() {
    return std::tuple{
        required("url", &Arguments::url, "Where."),
        optional("interval", &Arguments::interval, "Pause.").at_least(1e-3),
        optional("mode", &Arguments::mode, "How much.").one_of("none|simplified|full"),
        optional("labels", &Arguments::labels, "Added to all."),
        block("auth", &Arguments::auth, "Credentials."),
        block("retry", &Arguments::retry, "Again."),
        block("header", &Arguments::headers, "Headers."),
    };
  }
  bool operator==(const Arguments&) const = default;
};

TEST_CASE("a table says everything about its fields") {
  const BodySchema& s = schema<Arguments>();
  REQUIRE(s.fields.size() == 7);
  CHECK(s.find("url")->required);
  CHECK(s.find("url")->default_text == "");
  CHECK(s.find("interval")->type == "duration");
  CHECK(s.find("interval")->default_text == "\"15s\"");
  CHECK(s.find("mode")->choices == std::vector<std::string>{"none", "simplified", "full"});
  CHECK(s.find("labels")->type == "map(string)");
  CHECK(s.find("header")->kind == FieldKind::block_list);
  CHECK(s.find("header")->labelled);
  CHECK(s.find("auth")->body == &schema<Auth>());
  CHECK(s.find("nothing") == nullptr);
}

TEST_CASE("a struct is seen as an object in declaration order") {
  Arguments args{.url = "http://x", .auth = Auth{"me", {"word"}}, .headers = {{"a", "1"}, {"b", "2"}}};
  Value object = to_object(args);
  CHECK(
      describe(object) ==
      R"({url = "http://x", interval = "15s", mode = "full", labels = {}, auth = {username = "me", password = (secret)}, )"
      R"(retry = {times = 5}, header = {a = {value = "1"}, b = {value = "2"}}})");
  CHECK(describe(object, 20) == R"({url = "http://x"…)");
}

TEST_CASE("a struct is seen as a body with its defaults marked") {
  BodyValue body = to_body(Arguments{.url = "x", .interval = 30s, .headers = {{"a", "1"}}});
  std::string seen;
  for (const auto& s : body.statements) seen += s.name + s.label + (s.is_default ? "* " : " ");
  CHECK(seen == "url interval mode* labels* retry* headera ");
  BodyValue other = to_body(Arguments{.retry = {.times = 3}});
  CHECK_FALSE(other.statements.back().is_default);
}

}  // namespace
}  // namespace weir::lang
