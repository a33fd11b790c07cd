// The config block `logging`.
#pragma once

#include "base/log.h"
#include "lang/diagnostic.h"
#include "runtime/evaluation.h"
#include "runtime/plan.h"

namespace weir::runtime {

struct LoggingSettings {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::logfmt;

  bool operator==(const LoggingSettings&) const = default;
};

// The defaults when there is no such block. Errors and warnings are appended.
LoggingSettings decode_logging(const PlannedBlock& logging, const EnvLookup& env,
                               lang::Diagnostics& diagnostics);

}  // namespace weir::runtime
