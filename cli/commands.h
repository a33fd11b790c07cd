// The subcommands, one file each; main.cpp has the table.
#pragma once

#include "cli/flags.h"

namespace weir::cli {

extern const Command kRunCommand;
extern const Command kRecordCommand;
extern const Command kTopCommand;
extern const Command kDiffCommand;
extern const Command kValidateCommand;
extern const Command kFmtCommand;
extern const Command kExplainCommand;
extern const Command kTestCommand;
extern const Command kDocsCommand;
extern const Command kVersionCommand;

// "0.1.0", as CMake knows it.
std::string_view version();

}  // namespace weir::cli
