// The config block `logging`.
#pragma once

#include <string>
#include <tuple>
#include <vector>

#include "base/log.h"
#include "lang/diagnostic.h"
#include "lang/field.h"
#include "runtime/evaluation.h"
#include "runtime/plan.h"

namespace weir::runtime {

// An empty word is the default: env("LOG_LEVEL") may well be unset.
struct LoggingArguments {
  std::string level = "info";
  std::string format = "logfmt";
  std::vector<lang::Value> write_to;
  std::string destination = "stderr";

  bool operator==(const LoggingArguments&) const = default;

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

struct LoggingSettings {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::logfmt;

  bool operator==(const LoggingSettings&) const = default;
};

// The defaults when there is no such block. Errors and warnings are appended.
LoggingSettings decode_logging(const PlannedBlock& logging, const EnvLookup& env,
                               lang::Diagnostics& diagnostics);

}  // namespace weir::runtime
