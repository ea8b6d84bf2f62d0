// Runs a command that the processes of a parallel job share.
#pragma once

#include <functional>
#include <string_view>

#include "parallel/processes.h"

namespace elmo {

// Runs `work` with the processes that a launcher started together with this one, or alone. If it
// throws in any of them, all end with its status, and only one message is printed: the first
// process's, or that of a process that fails alone, with its number and machine. When all are
// interrupted, they end as a single process does. stall: as in Job.
int run_job(std::string_view command, double stall, const std::function<void(Processes&)>& work);

}  // namespace elmo
