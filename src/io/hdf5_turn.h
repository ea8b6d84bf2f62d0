// HDF5 for callers on any thread.
#pragma once

#include "base/fork_guard.h"

namespace elmo {

// HDF5 is not thread-safe. What may be called from several threads holds one of these while it
// opens, reads, writes or closes files; a thread takes one at a time.
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
