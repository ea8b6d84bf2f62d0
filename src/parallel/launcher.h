// Processes that a launcher of parallel jobs started: mpirun, mpiexec, srun.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "parallel/processes.h"

namespace elmo {

// What the launcher's environment variables say about the job.
struct Launch {
  std::string by;  // "mpirun of Open MPI"
  int size = 1;    // number of processes; 0: not known
  // The MPI modules that may fit, the best first: openmpi, mpich. If empty, the processes cannot
  // communicate.
  std::vector<std::string> modules;
};
// size is 1 if no launcher started this process.
Launch find_launch();
// This process's rank in the job according to the environment; 0 if it does not say.
int rank_in_launch();

// The job that consists of all processes started together with this one. If no launcher started
// this process, or only this one, no module is loaded.
class Job {
 public:
  // stall: see MpiOptions in mpi_interface.h. Throws Error if the launcher's module is not
  // installed or does not fit, or if the processes cannot communicate.
  explicit Job(double stall);
  ~Job();
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  Processes& processes();
  // Ends a job in which nothing failed; waits for all processes.
  void leave();
  // See elmo_mpi_may_tell() in mpi_interface.h.
  bool may_tell();
  // Ends all processes with this exit status.
  [[noreturn]] void abort(int status);

 private:
  struct Module;
  std::unique_ptr<Module> module_;
};

}  // namespace elmo
