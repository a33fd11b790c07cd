// Demangling: what a compiler made of a C++ or Rust name, back as a person wrote it.
#pragma once

#include <string>
#include <string_view>

#include "profiler/session.h"

namespace weir::profiler {

// The name itself when it is not mangled, when it is broken, and when it would
// become absurdly long (names are somebody else's: a few bytes can stand for
// gigabytes). none: always the name itself; simplified: without parameters and
// template arguments; templates: without parameters; full: with everything but
// the suffix of a clone (".part.0"). The text is that of ianlancetaylor/demangle, so
// that functions keep their names for who comes from another profiler.
// Takes microseconds, and for a name made to be slow a few milliseconds.
std::string demangle(std::string_view name, Demangle mode);

}  // namespace weir::profiler
