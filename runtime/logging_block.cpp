#include "runtime/logging_block.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "lang/eval.h"
#include "lang/field.h"

namespace weir::runtime {
namespace {

constexpr std::array<std::pair<std::string_view, LogLevel>, 5> kLevels = {{{"", LogLevel::info},
                                                                           {"error", LogLevel::error},
                                                                           {"warn", LogLevel::warn},
                                                                           {"info", LogLevel::info},
                                                                           {"debug", LogLevel::debug}}};
constexpr std::array<std::pair<std::string_view, LogFormat>, 3> kFormats = {
    {{"", LogFormat::logfmt}, {"logfmt", LogFormat::logfmt}, {"json", LogFormat::json}}};

template <class Table>
auto find(const Table& table, std::string_view word) {
  for (const auto& [name, value] : table) {
    if (name == word) return value;
  }
  return table.front().second;
}

// An empty word is the default: env("LOG_LEVEL") may well be unset.
struct LoggingArguments {
  std::string level = "info";
  std::string format = "logfmt";
  std::vector<lang::Value> write_to;
  std::string destination = "stderr";

  static constexpr auto fields() {
    return std::tuple{
        lang::optional("level", &LoggingArguments::level, "The least important lines to write.")
            .one_of("error|warn|info|debug|"),
        lang::optional("format", &LoggingArguments::format, "How lines are written.").one_of("logfmt|json|"),
        lang::optional("write_to", &LoggingArguments::write_to, "Receivers that get the lines as well.")
            .without_effect("lines go to standard error only"),
        lang::optional("destination", &LoggingArguments::destination, "Where lines go.")
            .without_effect("lines always go to standard error"),
    };
  }
};

}  // namespace

LoggingSettings decode_logging(const PlannedBlock& logging, const EnvLookup& env,
                               lang::Diagnostics& diagnostics) {
  if (logging.block == nullptr) return {};
  lang::Span header{logging.block->name_span.begin, logging.block->open.end};
  lang::DecodeOptions options{.eval = {.dialect = logging.dialect, .scope = nullptr, .env = env},
                              .is_unknown = {}};
  // The former is without effect: whether the components it names are there the plan has seen.
  options.is_unknown = [&](const lang::Attribute& attribute) {
    if (attribute.name == "write_to") return true;
    return !env && std::ranges::any_of(lang::references(*attribute.value), [&](const auto& reference) {
      return lang::reads_environment(reference, logging.dialect);
    });
  };
  auto decoded =
      lang::decode<LoggingArguments>(logging.block->body, header, logging.source, options, diagnostics);
  if (!decoded) return {};
  return {.level = find(kLevels, decoded->level), .format = find(kFormats, decoded->format)};
}

}  // namespace weir::runtime
