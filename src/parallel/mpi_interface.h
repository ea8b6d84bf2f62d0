// The interface of the modules libelmo-mpi-openmpi.so and libelmo-mpi-mpich.so. The program loads
// one of them if a launcher of parallel jobs started it (launcher.h); otherwise it uses no MPI.
// Both sides are built from one source tree, which elmo_mpi_version verifies.
#pragma once

#include <string_view>

#include "parallel/processes.h"

namespace elmo {

struct MpiOptions {
  // Timeout of collective calls, in seconds without a sign of life from a process: after the
  // smaller of 60 and stall / 2 another process warns and names it, after `stall` the call throws
  // Error in all other processes.
  double stall = 600;
  void (*warn)(std::string_view message) = nullptr;
};

}  // namespace elmo

extern "C" {
// The version of the project that the module was built from.
extern const char elmo_mpi_version[];
// Initialises MPI and returns all processes of the job; call it once in a process. Throws
// elmo::Error. `said_size`: the number of processes according to the launcher (0: not known), which
// MPI's must equal.
elmo::Processes* elmo_mpi_join(const elmo::MpiOptions& options, int said_size);
// Ends a job in which nothing failed; waits for all processes. All objects made by split() must
// have been destroyed.
void elmo_mpi_leave(elmo::Processes* processes);
// Whether a process that has failed should print its message. Of several processes that fail at the
// same time, the one with the lowest rank should, unless another already has; the others wait to be
// ended. Takes up to a second.
bool elmo_mpi_may_tell();
// Ends all processes of the job with this exit status.
void elmo_mpi_abort(int status);
}
