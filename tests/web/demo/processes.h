// Processes of a made-up machine, one at least for everything that weir may do with one.
#pragma once

#include <memory>
#include <vector>

#include "base/process_times.h"
#include "profile/process_report.h"

namespace weir::web::testing {

// Each call is a while later: they use CPU.
std::vector<ProcessTimes> demo_processes();
std::shared_ptr<const profile::ProcessReport> demo_process_report();

}  // namespace weir::web::testing
