// Reference pages in Markdown, made from the tables that the program itself
// reads: field tables for components, flag tables for the command line.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "cli/flags.h"
#include "runtime/component.h"

namespace weir::cli {

// docs/reference/NAME.md of a component.
std::string component_page(const runtime::ComponentType& type);

// docs/reference/command-line.md.
std::string command_line_page(std::span<const Command> commands);

// docs/reference/metrics.md: the program's own metrics, and where those of components are.
std::string metrics_page(const std::vector<const runtime::ComponentType*>& types);

// docs/reference/language.md: the library of each dialect, and where weir and others part.
std::string language_page();

// docs/reference/README.md: what there is, with links.
std::string index_page(const std::vector<const runtime::ComponentType*>& types);

}  // namespace weir::cli
