// The tree of a config text, written on one line as the conformance corpus has it.
#pragma once

#include <string>

#include "lang/ast.h"

namespace weir::lang::conformance {

std::string write_tree(const lang::File& file);

}  // namespace weir::lang::conformance
