#include <cstdio>

#include <fmt/core.h>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/peer_flags.h"
#include "cli/stability_flag.h"
#include "cli/terminal.h"
#include "components/builtin.h"
#include "lang/diagnostic.h"
#include "lang/text.h"
#include "runtime/controller.h"
#include "web/diagnostic_json.h"

namespace weir::cli {
namespace {

void print_json(const lang::Diagnostics& found) {
  JsonWriter json;
  json.begin_object().member("valid", !lang::has_errors(found));
  json.member("errors", lang::count(found, lang::Severity::error));
  json.member("warnings", lang::count(found, lang::Severity::warning));
  json.key("diagnostics").begin_array();
  for (const lang::Diagnostic& diagnostic : found) web::write_diagnostic(json, diagnostic);
  json.end_array().end_object();
  fmt::print("{}\n", json.take());
}

ExitCode validate(const Invocation& invocation) {
  std::string_view format = invocation.flag("format");
  if (format != "text" && format != "json") {
    fmt::print(stderr, "Error: --format is text or json, got \"{}\"\n", lang::printable(format));
    return kRefused;
  }
  if (auto fits = check_config_format(invocation.flag("config.format")); !fits) {
    fmt::print(stderr, "Error: {}\n", fits.error().message);
    return kRefused;
  }
  auto stability = least_stability(invocation);
  if (!stability) {
    fmt::print(stderr, "Error: {}\n", stability.error().message);
    return kRefused;
  }
  for (const std::string& warning : invocation.warnings) fmt::print(stderr, "Warning: {}\n", warning);
  runtime::Registry registry;
  register_components(registry);
  const std::string& path = invocation.operands.front();
  lang::Diagnostics found = runtime::validate(path, registry, *stability);
  bool is_valid = !lang::has_errors(found);
  if (format == "json") {
    print_json(found);
  } else {
    if (!found.empty()) fmt::print(stderr, "{}", lang::render(found, color_of_stderr()));
    if (is_valid) fmt::print("{}: valid\n", path);
  }
  return is_valid ? kOk : kRefused;
}

constexpr Flag kFlags[] = {
    {.name = "format",
     .value = "FORMAT",
     .default_text = "text",
     .doc = "How to say it: text, or json (one object on standard output)."},
    {.name = "config.format",
     .value = "FORMAT",
     .default_text = "flow",
     .doc = "flow, river or alloy. A file's dialect is what its name ends with, .river or .alloy."},
    kStabilityFlag,
};

}  // namespace

constinit const Command kValidateCommand{
    .name = "validate",
    .operands = "PATH",
    .summary = "check a config and say everything that is wrong with it",
    .description =
        "Finds every error that would make 'weir run PATH' refuse the config, without running "
        "anything: no socket, file, cluster or environment variable that the config names is touched. "
        "Warns of components that nothing uses and of fields given twice. Ends with 1 when there are "
        "errors, with 0 when there are only warnings.",
    .flags = kFlags,
    .peer_flags = kValidatePeerFlags,
    .min_operands = 1,
    .max_operands = 1,
    .run = validate,
};

}  // namespace weir::cli
