// What a test expects, against what a rehearsed config made of it.
#pragma once

#include <string>
#include <vector>

#include "cli/test_file.h"
#include "runtime/snapshot.h"

namespace weir::cli {

// Each failure is a few lines; none: the test holds.
std::vector<std::string> failures_of(const TestCase& test, const runtime::Snapshot& snapshot);

}  // namespace weir::cli
