// Processes that a launcher of parallel jobs started: mpirun, mpiexec, srun.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "parallel/processes.h"

namespace elmo {

// What a launcher left in the environment.
struct Launch {
  std::string by;  // "mpirun of Open MPI"
  int size = 1;    // processes; 0: it does not say
  // The modules that may fit, the best first: openmpi, mpich. None: processes that know nothing of
  // one another.
  std::vector<std::string> modules;
};
// A size of 1 where there is none.
Launch find_launch();
// This process's number in it, as far as the environment says; 0: it does not.
int rank_in_launch();

// A job of all processes that were started with this one. This one alone where no launcher started
// it, or only it; then nothing is loaded.
class Job {
 public:
  // stall: as in mpi_interface.h. Throws Error: no module for the launcher, processes that do not
  // know of one another.
  explicit Job(double stall);
  ~Job();
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  Processes& processes();
  // Waits for all processes; the end of a job in which nothing failed.
  void leave();
  // As elmo_mpi_may_tell() in mpi_interface.h.
  bool may_tell();
  // Ends all processes with this exit status.
  [[noreturn]] void abort(int status);

 private:
  struct Module;
  std::unique_ptr<Module> module_;
};

}  // namespace elmo
