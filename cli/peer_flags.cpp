#include "cli/peer_flags.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "lang/text.h"

namespace weir::cli {
namespace {

constexpr std::array kVariables = {"GODEBUG",
                                   "GOGC",
                                   "GOMAXPROCS",
                                   "GOMEMLIMIT",
                                   "GOTRACEBACK",
                                   "AUTOMEMLIMIT",
                                   "AUTOMEMLIMIT_EXPERIMENT",
                                   "PPROF_MUTEX_PROFILING_PERCENT",
                                   "PPROF_BLOCK_PROFILING_RATE"};

constexpr std::array<std::string_view, 3> kRead = {"flow", "river", "alloy"};
constexpr std::array<std::string_view, 4> kConvertible = {"static", "prometheus", "promtail", "otelcol"};

}  // namespace

Result<> check_config_format(std::string_view format) {
  if (std::ranges::find(kRead, format) != kRead.end()) return {};
  if (std::ranges::find(kConvertible, format) != kConvertible.end()) {
    return fail(
        "--config.format={0}: weir reads flow, river and alloy; 'alloy convert --source-format={0}' makes "
        "one of it",
        format);
  }
  return fail("--config.format is flow, river or alloy, got \"{}\"", lang::printable(format));
}

Result<> check_environment(const EnvironmentLookup& lookup) {
  std::string mode = lookup("AGENT_MODE");
  if (mode.empty() || mode == "flow") return {};
  return fail("AGENT_MODE is \"{}\": weir is flow mode only; set it to flow, or leave it unset",
              lang::printable(mode));
}

std::vector<std::string> environment_warnings(const EnvironmentLookup& lookup) {
  std::vector<std::string> warnings;
  for (std::string_view name : kVariables) {
    if (!lookup(name).empty())
      warnings.push_back(fmt::format("{} has no effect: weir is not a Go program", name));
  }
  return warnings;
}

}  // namespace weir::cli
