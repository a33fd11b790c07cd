// weir explain, of a config that does not run.
#pragma once

#include <filesystem>
#include <string>

#include "cli/flags.h"
#include "lang/diagnostic.h"
#include "web/wanted_targets.h"

namespace weir::cli {

struct ConfigQuestion {
  std::filesystem::path config;
  // Labels alone are the target itself; a process or a container is looked for on this machine.
  web::WantedTargets wanted;
  std::string from;  // id of the component that finds it; "": which one is clear from the rest
};

struct ConfigAnswer {
  ExitCode code = kOk;
  std::string text;   // the way of the target through the config
  std::string notes;  // what else there is to say: lines, and after them the error
};

ConfigAnswer explain_config(const ConfigQuestion& question, lang::Color color);

}  // namespace weir::cli
