// The part of a dump that one of several processes makes.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace elmo {

// Part `index` (from 0) of `count`.
struct Shard {
  std::int64_t index = 0, count = 1;
};

// Parses "3/100". Throws UsageError.
Shard parse_shard(std::string_view text);

struct FoundShard {
  Shard shard;
  std::string source;  // who set the variables, for messages: "Slurm's array"
};

// Finds the part from the environment of the process's launcher, in this order:
// SLURM_ARRAY_TASK_ID, _MIN, _MAX, _STEP and _COUNT of a job array; OMPI_COMM_WORLD_RANK and _SIZE
// of Open MPI; PMI_RANK and PMI_SIZE of MPICH; SLURM_PROCID and SLURM_STEP_NUM_TASKS of srun
// (SLURM_NTASKS is also set in a batch script, which runs as one process). `variable` returns the
// value of a variable, or nullptr. Throws UsageError if there are none or if they contradict each
// other.
FoundShard find_shard(const std::function<const char*(const char*)>& variable);

}  // namespace elmo
