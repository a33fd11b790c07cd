#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "components/discovery/kubernetes_list.h"

namespace weir::discovery {
namespace {

// The names of the objects, and what the list says of itself; the error otherwise.
std::string read_in_pieces(std::string_view text, std::size_t piece) {
  std::string names;
  KubernetesListReader reader([&](const boost::json::object& object) {
    auto* name = object.if_contains("name");
    names += name && name->is_string() ? std::string(name->get_string()) + " " : "? ";
  });
  for (std::size_t at = 0; at < text.size(); at += piece) {
    auto read = reader.read(text.substr(at, piece));
    if (!read) return read.error().message;
  }
  auto head = reader.finish();
  if (!head) return head.error().message;
  return names + head->resource_version + " " + head->next;
}

}  // namespace

TEST_CASE("a list of Kubernetes is read as it comes, cut anywhere") {
  struct Row {
    const char* text;
    const char* read;
  };
  const Row rows[] = {
      {R"({"kind": "PodList", "metadata": {"resourceVersion": "7", "continue": "c"}, "items": [{"name": "a"}, {"name": "b"}]})",
       "a b 7 c"},
      {R"({"items":[{"name":"]},{\"\\"},{"x":[[1],{"items":[3]}]}],"kind":"NodeList","metadata":{"resourceVersion":"7"}})",
       "]},{\"\\ ? 7 "},
      {R"({"items" : [ ] , "kind": "XList", "metadata": {}})", " "},
      {R"({"items": null, "kind": "XList"})", " "},
      {R"({"kind": "XList"})", " "},
      // What is no object reads as an empty one.
      {R"({"kind": "XList", "items": [1, "a,b", null, [2, {"name": "c"}]]})", "? ? ? ?  "},
      {R"({"kind": "XList", "other": {"items": [{"name": "a"}]}})", " "},
      {R"({"kind": "XList", "items": [{"name": "a"}})", "the list is not JSON: incomplete JSON"},
      {R"({"kind": "XList", "items": [{"name": "a"}]} x)", "the list is not JSON: extra data"},
      {R"({"kind": "XList", "items": [{"name": }]})", "an object of the list is not JSON: syntax error"},
      {R"({"kind": "Status"})", "the answer is not a list"},
      {"[]", "the answer is not a list"},
      {"", "the list is not JSON: incomplete JSON"},
      {"]]]]", "the list is not JSON: syntax error"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    for (std::size_t piece : {1, 2, 3, 7, 1000}) {
      CAPTURE(piece);
      CHECK(read_in_pieces(row.text, piece) == row.read);
    }
  }
}

TEST_CASE("a list of Kubernetes may be long, an object of it may not") {
  std::string item = R"({"name": "a", "annotation": ")" + std::string(10'000, 'x') + "\"}";
  std::string text = R"({"kind": "PodList", "items": [)" + item;
  for (int i = 1; i < 1000; ++i) text += "," + item;
  text += "]}";
  REQUIRE(text.size() > 10'000'000);
  std::size_t seen = 0;
  KubernetesListReader reader([&](const boost::json::object&) { ++seen; });
  CHECK(reader.read(text));
  CHECK(reader.finish());
  CHECK(seen == 1000);

  // One that is too long is skipped.
  std::string seen_names;
  KubernetesListReader other(
      [&](const boost::json::object& object) { seen_names += object.at("name").as_string(); });
  CHECK(other.read(R"({"kind": "PodList", "items": [{"name": ")" + std::string(17 << 20, 'x')));
  CHECK(other.read(R"(]}"}, {"name": "b"}, {"name": ")" + std::string(17 << 20, 'x') +
                   R"("}, {"name": "c"}]})"));
  CHECK(other.finish());
  CHECK(seen_names == "bc");
  CHECK(other.too_large() == 2);
  KubernetesListReader endless([](const boost::json::object&) {});
  CHECK_FALSE(endless.read(R"({"items": [")" + std::string(65 << 20, 'x')));
  KubernetesListReader frame([](const boost::json::object&) {});
  CHECK_FALSE(frame.read(R"({"metadata": ")" + std::string(1 << 20, 'x')));
}

}  // namespace weir::discovery
