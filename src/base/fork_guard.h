// What a fork must not cut in two.
#pragma once

#include <sys/types.h>

namespace elmo {

// While one lives on any thread, fork() waits: its child would find what the thread was changing
// half changed, and its locks held for ever. For short work in other libraries (oneDNN's cache of
// primitives, HDF5); threads hold it side by side, and one thread may hold several. A thread that
// holds one must not fork() but by fork_past_guards().
class ForkGuard {
 public:
  ForkGuard();
  ~ForkGuard();
  ForkGuard(const ForkGuard&) = delete;
  ForkGuard& operator=(const ForkGuard&) = delete;
};

// fork() by a thread that may hold guards, for a child that uses what this thread was using alone
// and ends by _exit().
pid_t fork_past_guards();

}  // namespace elmo
