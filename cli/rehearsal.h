// Rehearsal: a config evaluated as it would run, with nothing touched: no
// component is started, and what each would find is given. And a look at what
// one of them does find.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/duration.h"
#include "base/result.h"
#include "lang/diagnostic.h"
#include "lang/value.h"
#include "runtime/snapshot.h"

namespace weir::cli {

struct Props {
  std::map<std::string, lang::Value>
      exports;  // by component id; what finds targets and is not named finds none
  std::function<std::string(std::string_view)> env;  // environment variables
};

struct Rehearsed {
  std::shared_ptr<const runtime::Registry> registry;  // of the types that nodes name
  std::shared_ptr<const runtime::Snapshot> snapshot;  // null: the config is refused
  lang::Diagnostics diagnostics;
};

Rehearsed rehearse(const std::filesystem::path& config, const Props& props);

// Starts the one component, as a run would, and returns what it first exports: an object. The error says why
// it exports nothing, within the patience.
Result<lang::Value> look(const std::filesystem::path& config, const Props& props, const std::string& id,
                         Duration patience);

}  // namespace weir::cli
