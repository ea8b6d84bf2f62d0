// Keeps fork() out of operations that a child could not finish.
#pragma once

#include <sys/types.h>

namespace elmo {

// While any thread holds a ForkGuard, fork() waits: the child would otherwise inherit data that a
// thread was in the middle of changing, and locks that nobody in the child will release. For short
// calls into other libraries (oneDNN's cache of primitives, HDF5). Threads hold guards
// concurrently, and one thread may hold several. A thread that holds one must not call fork(), only
// fork_past_guards().
class ForkGuard {
 public:
  ForkGuard();
  ~ForkGuard();
  ForkGuard(const ForkGuard&) = delete;
  ForkGuard& operator=(const ForkGuard&) = delete;
};

// fork() for a thread that may hold guards. The child may use only what this thread alone was
// using, and must end with _exit().
pid_t fork_past_guards();

}  // namespace elmo
