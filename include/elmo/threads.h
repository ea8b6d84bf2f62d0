// The default number of threads.
#pragma once

#include "elmo/export.h"

namespace elmo {

// Number of cores that this process may use, at least 1: the cores of its affinity mask, limited by
// the processor quota of its cgroups (versions 1 and 2, rounded up) and by the first value of
// OMP_NUM_THREADS. threads = 0 means this number everywhere. Looked up anew in every call.
// Thread-safe.
ELMO_API int usable_cores();

}  // namespace elmo
