// How many threads each process of a job runs.
#pragma once

#include <string>

#include "base/usable_cores.h"
#include "parallel/processes.h"

namespace elmo {

// `asked`, which is --threads, and OMP_NUM_THREADS are of each process.
bool threads_are_chosen(int asked);

// What a process may run on.
struct Cores {
  std::string allowed = allowed_cores();
  int usable = usable_cores();
};

// Collective. thread_count(asked); if `asked` is 0, the usable cores divided by the
// processes of this machine that may use the very same: processes that a launcher has bound to
// cores of their own keep all of them.
int own_threads(Processes& processes, int asked, const Cores& cores = {});

}  // namespace elmo
