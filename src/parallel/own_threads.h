// How many threads each process of a job runs.
#pragma once

#include <string>

#include "base/usable_cores.h"
#include "parallel/processes.h"

namespace elmo {

// Whether the user has set the number of threads: by `asked` (--threads; 0: not given) or
// OMP_NUM_THREADS. Both count threads per process.
bool threads_are_chosen(int asked);

// The cores that a process may run on.
struct Cores {
  std::string allowed = allowed_cores();
  int usable = usable_cores();
};

// Collective. thread_count(asked) if the user has set the number of threads. Otherwise the usable
// cores divided by the number of processes on this machine that may use exactly the same cores, at
// least 1: processes that a launcher has bound to different cores keep all of theirs.
int own_threads(Processes& processes, int asked, const Cores& cores = {});

}  // namespace elmo
