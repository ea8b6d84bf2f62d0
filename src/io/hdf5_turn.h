// Serialises HDF5 calls of all threads.
#pragma once

#include "base/fork_guard.h"

namespace elmo {

// HDF5 is not thread-safe. Code that several threads may call holds one of these while it opens,
// reads, writes or closes files. Not recursive: a thread holds one at a time.
class Hdf5Turn {
 public:
  Hdf5Turn();
  ~Hdf5Turn();
  Hdf5Turn(const Hdf5Turn&) = delete;
  Hdf5Turn& operator=(const Hdf5Turn&) = delete;

 private:
  ForkGuard guard_;
};

}  // namespace elmo
