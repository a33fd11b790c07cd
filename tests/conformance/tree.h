// The tree of a config text, written on one line as the conformance corpus has it.
#pragma once

#include <string>

#include "lang/ast.h"

namespace weir::lang::conformance {

enum class Places { written, left_out };

std::string write_tree(const lang::File& file, Places places = Places::written);

}  // namespace weir::lang::conformance
