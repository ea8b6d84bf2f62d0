// One of the parts that a dump is made in by many processes.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace elmo {

// Part `index`, from 0, of `count`.
struct Shard {
  std::int64_t index = 0, count = 1;
};

// "3/100"; throws UsageError.
Shard parse_shard(std::string_view text);

struct FoundShard {
  Shard shard;
  std::string source;  // whose variables said so, for a message: "Slurm's array"
};

// From what the launcher of this process says, in this order: SLURM_ARRAY_TASK_ID, _MIN, _MAX,
// _STEP and _COUNT of a job array; OMPI_COMM_WORLD_RANK and _SIZE of Open MPI; PMI_RANK and
// PMI_SIZE of MPICH; SLURM_PROCID and SLURM_STEP_NUM_TASKS of srun (SLURM_NTASKS is set in a batch
// script too, where one process runs). `variable` gives the value of one, or null. Throws
// UsageError: there are none; what they say makes no sense.
FoundShard find_shard(const std::function<const char*(const char*)>& variable);

}  // namespace elmo
