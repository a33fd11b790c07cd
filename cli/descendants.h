// Processes that have come of one, however far: those of a command that was started.
#pragma once

#include <sys/types.h>

#include <vector>

namespace weir::cli {

// From here on a process whose parent ends becomes this one's child, and not init's.
void adopt_orphans();
// Those that run: `root` and what has come of it, but never this process.
std::vector<pid_t> family(pid_t root);
// To all of them; never to a stranger that was given the number of one that has ended.
void signal_family(pid_t root, int signal);

}  // namespace weir::cli
