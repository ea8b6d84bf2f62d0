#include "io/shard.h"

#include <fmt/core.h>

#include <optional>

#include "base/numbers.h"
#include "elmo/error.h"

namespace elmo {
namespace {

constexpr std::int64_t kMostShards = 1'000'000;

std::optional<std::int64_t> parse_whole(std::string_view text) {
  const auto value = parse_number<std::int64_t>(text);
  return value && *value >= 0 ? value : std::nullopt;
}

// The environment variables as numbers.
class Variables {
 public:
  explicit Variables(const std::function<const char*(const char*)>& variable)
      : variable_(variable) {}

  bool has(const char* name) const { return variable_(name) != nullptr; }
  std::int64_t number(const char* name) const {
    const char* text = variable_(name);
    if (text == nullptr) {
      throw UsageError(
          fmt::format("--shard auto: {} is not set beside the other variables; say "
                      "--shard i/n",
                      name));
    }
    const auto value = parse_whole(text);
    if (!value) {
      throw UsageError(fmt::format(
          "--shard auto: {} is '{}', which is not a number; pass --shard i/n", name, text));
    }
    return *value;
  }

 private:
  const std::function<const char*(const char*)>& variable_;
};

Shard array_shard(const Variables& variables) {
  const std::int64_t id = variables.number("SLURM_ARRAY_TASK_ID");
  const std::int64_t first = variables.number("SLURM_ARRAY_TASK_MIN");
  const std::int64_t last = variables.number("SLURM_ARRAY_TASK_MAX");
  const std::int64_t count = variables.number("SLURM_ARRAY_TASK_COUNT");
  const std::int64_t step =
      variables.has("SLURM_ARRAY_TASK_STEP") ? variables.number("SLURM_ARRAY_TASK_STEP") : 1;
  if (step < 1 || last - first != (count - 1) * step || (id - first) % step != 0) {
    throw UsageError(
        fmt::format("--shard auto: the {} tasks of this job array, {} to {}, don't follow each "
                    "other evenly, so their numbers tell no parts; submit --array=0-N whole (with "
                    "--resume finished parts end at once), or say --shard i/n",
                    count, first, last));
  }
  return {.index = (id - first) / step, .count = count};
}

}  // namespace

Shard parse_shard(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    const auto index = parse_whole(text.substr(0, slash)),
               count = parse_whole(text.substr(slash + 1));
    if (index && count && *index < *count && *count <= kMostShards) return {*index, *count};
  }
  throw UsageError(fmt::format(
      "--shard is auto or i/n with i from 0 to n - 1 and n at most {}, such as 0/4, not "
      "'{}'",
      kMostShards, text));
}

FoundShard find_shard(const std::function<const char*(const char*)>& variable) {
  const Variables variables(variable);
  FoundShard found;
  const auto take = [&](const char* rank, const char* size, const char* source) {
    found = {{variables.number(rank), variables.number(size)}, source};
  };
  if (variables.has("SLURM_ARRAY_TASK_ID")) {
    found = {array_shard(variables), "SLURM_ARRAY_TASK_ID (Slurm's job array)"};
  } else if (variables.has("OMPI_COMM_WORLD_RANK")) {
    take("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK (Open MPI)");
  } else if (variables.has("PMI_RANK")) {
    take("PMI_RANK", "PMI_SIZE", "PMI_RANK (MPICH)");
  } else if (variables.has("SLURM_PROCID") && variables.has("SLURM_STEP_NUM_TASKS")) {
    take("SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_PROCID (srun)");
  } else {
    throw UsageError(
        "--shard auto finds no variables of a Slurm job array or srun, of Open MPI's or MPICH's "
        "mpirun; say --shard i/n");
  }
  const Shard& shard = found.shard;
  if (shard.count < 1 || shard.count > kMostShards || shard.index >= shard.count) {
    throw UsageError(
        fmt::format("--shard auto: {} says part {} of {}, which makes no sense; say "
                    "--shard i/n",
                    found.source, shard.index, shard.count));
  }
  return found;
}

}  // namespace elmo
