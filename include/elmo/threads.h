// How many threads are worth having.
#pragma once

#include "elmo/export.h"

namespace elmo {

// The cores that this process may use, at least 1: those of its affinity mask, no more than its
// cgroups' quota of processor time (versions 1 and 2, rounded up) and than the first number of
// OMP_NUM_THREADS. Wherever threads = 0 is asked for, this many are used. Looked up anew in every
// call; any thread may call it.
ELMO_API int usable_cores();

}  // namespace elmo
