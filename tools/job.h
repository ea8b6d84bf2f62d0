// A command that the processes of a parallel job share.
#pragma once

#include <functional>
#include <string_view>

#include "parallel/processes.h"

namespace elmo {

// Runs `work` with the processes that a launcher started together with this one, or alone. Where
// it throws in any of them all end with its status, and one message tells of it: the first
// process's, unless another fails alone, which then says its number and machine. When all are
// interrupted, they end as a single process does. stall: as in Job.
int run_job(std::string_view command, double stall, const std::function<void(Processes&)>& work);

}  // namespace elmo
