// What the modules libelmo-mpi-openmpi.so and libelmo-mpi-mpich.so give to the program, which loads
// one of them where a launcher of parallel jobs has started it (launcher.h) and is free of MPI
// otherwise. Both sides are built from one source tree, which elmo_mpi_version makes sure of.
#pragma once

#include <string_view>

#include "parallel/processes.h"

namespace elmo {

struct MpiOptions {
  // Seconds without a sign of a process in a collective call: after the smaller of 60 and half of
  // `stall` one of the others names it, after `stall` the call throws Error in all of them.
  double stall = 600;
  void (*warn)(std::string_view message) = nullptr;
};

}  // namespace elmo

extern "C" {
// Of the project that the module was built of.
extern const char elmo_mpi_version[];
// All processes of the job; once in a process. Throws elmo::Error. `said_size`: what the launcher
// says, which MPI has to agree with.
elmo::Processes* elmo_mpi_join(const elmo::MpiOptions& options, int said_size);
// The end of a job in which nothing failed, which waits for all processes. Every object made by
// split() has gone.
void elmo_mpi_leave(elmo::Processes* processes);
// For a process that has failed: should it print the message? Of the processes that fail at the
// same time the one of the lowest rank should, unless another already has; the others wait to be
// ended.
bool elmo_mpi_may_tell();
// Ends all processes of the job with this exit status.
void elmo_mpi_abort(int status);
}
