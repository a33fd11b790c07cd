// Rehearsal: a config evaluated as it would run, with nothing touched: no
// component is started, and what each would find is given.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "lang/diagnostic.h"
#include "lang/value.h"
#include "runtime/snapshot.h"

namespace weir::cli {

struct Props {
  std::map<std::string, lang::Value>
      exports;                             // by component id; what finds targets and is not named finds none
  std::map<std::string, std::string> env;  // all there is
};

struct Rehearsed {
  std::shared_ptr<const runtime::Registry> registry;  // of the types that nodes name
  std::shared_ptr<const runtime::Snapshot> snapshot;  // null: the config is refused
  lang::Diagnostics diagnostics;
};

Rehearsed rehearse(const std::filesystem::path& config, const Props& props);

}  // namespace weir::cli
