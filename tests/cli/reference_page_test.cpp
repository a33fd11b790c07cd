#include "cli/reference_page.h"

#include <doctest/doctest.h>

namespace weir::cli {
namespace {

using lang::BodySchema;
using lang::FieldKind;
using lang::FieldSchema;

runtime::ComponentType example_type(const BodySchema& arguments, const BodySchema& none) {
  runtime::ComponentType type;
  type.name = "discovery.example";
  type.doc = "Finds examples.";
  type.arguments = &arguments;
  type.exports = &none;
  type.debug_info = &none;
  return type;
}

bool contains(const std::string& page, std::string_view text) {
  return page.find(text) != std::string::npos;
}

TEST_CASE("a component's page is its field tables") {
  const BodySchema auth{
      .fields = {{.name = "password", .required = true, .type = "secret", .doc = "The word."}}};
  const BodySchema endpoint{
      .fields = {{.name = "url", .required = true, .type = "string", .doc = "Where to."},
                 {.name = "basic_auth", .kind = FieldKind::block, .doc = "Who we are.", .body = &auth}}};
  const BodySchema arguments{
      .fields = {
          {.name = "host", .required = true, .type = "string", .doc = "Whom to ask."},
          {.name = "mode", .type = "string", .default_text = "\"a\"", .doc = "How.", .choices = {"a", "b|c"}},
          {.name = "pause",
           .type = "duration",
           .default_text = "\"15s\"",
           .doc = "How long.",
           .minimum = 0.5},
          {.name = "rate",
           .type = "int",
           .default_text = "97",
           .doc = "How often.",
           .unit = "Hz",
           .no_effect = "there is no clock"},
          {.name = "endpoint",
           .kind = FieldKind::block_list,
           .required = true,
           .doc = "Where to send.",
           .body = &endpoint},
          {.name = "spare", .kind = FieldKind::block, .doc = "The other one.", .body = &endpoint}}};
  const BodySchema none;
  std::string page = component_page(example_type(arguments, none));
  CAPTURE(page);

  CHECK(contains(page, "# discovery.example\n\nFinds examples.\n"));
  CHECK(contains(page, "discovery.example \"LABEL\" {\n  host = STRING\n  endpoint { ... }\n}\n"));
  CHECK(contains(page, "| `host` | `string` |  |  | yes | Whom to ask. |\n"));
  CHECK(contains(page, "| `mode` | `string` |  | `\"a\"` | no | How. One of `a`, `b\\|c`. |\n"));
  CHECK(contains(page, "| `pause` | `duration` |  | `\"15s\"` | no | How long. At least 500ms. |\n"));
  CHECK(contains(page, "| `endpoint` | once or more | Where to send. |\n"));
  CHECK(contains(page, "| `endpoint > basic_auth` | at most once | Who we are. |\n"));
  CHECK(contains(page, "### spare\n\nThe same as in `endpoint`.\n"));
  CHECK(contains(page, "## Accepted without effect\n"));
  CHECK(contains(page, "| `rate` | `int` | `97` | How often. | there is no clock |\n"));
  CHECK(contains(page, "## Exported fields\n\nIt exports nothing.\n"));
  CHECK_FALSE(contains(page, "## Metrics"));
  CHECK_FALSE(page.ends_with("\n\n"));
}

TEST_CASE("a component's page lists its metrics") {
  const BodySchema none;
  const MetricInfo metrics[] = {{.name = "losses_total", .help = "What was lost.", .label = "reason"},
                                {.name = "size", .kind = MetricInfo::Kind::gauge, .help = "How large."}};
  runtime::ComponentType type = example_type(none, none);
  type.metrics = metrics;
  std::string page = component_page(type);
  CAPTURE(page);
  CHECK(contains(page, "| `losses_total` | counter | `reason` | What was lost. |\n"));
  CHECK(contains(page, "| `size` | gauge |  | How large. |\n"));
}

}  // namespace
}  // namespace weir::cli
