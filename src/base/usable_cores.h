// How many cores a process may use, by what the system and its user say.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "elmo/threads.h"

namespace elmo {

// `asked`, or usable_cores() where it is 0. Throws UsageError where it is negative.
int thread_count(int asked);

// The numbers of the cores that this thread's affinity mask lets it use, "0,1,5"; empty where the
// system does not say.
std::string allowed_cores();

// The quota of processor time of this process's cgroups, in cores: the least of its own and those
// around it; nothing where there is none. `root`: where /proc and /sys are looked for.
// Sources: Linux's Documentation/admin-guide/cgroup-v2.rst (cpu.max) and scheduler/sched-bwc.rst
// (cpu.cfs_quota_us); proc(5) for /proc/self/mountinfo and cgroups(7) for /proc/self/cgroup.
std::optional<double> cgroup_quota(const std::filesystem::path& root = "/");

// The first number of OMP_NUM_THREADS (OpenMP 5.2, 21.1.2: a list, one a level); nothing where it
// is none or not positive.
std::optional<int> openmp_threads(std::string_view value);

}  // namespace elmo
