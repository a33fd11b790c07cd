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
