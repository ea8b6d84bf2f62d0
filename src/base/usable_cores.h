// How many cores a process may use, according to the system and its user.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "elmo/threads.h"

namespace elmo {

// `asked`, or usable_cores() if that is 0. Throws UsageError if it is negative.
int thread_count(int asked);

// The cores in this thread's affinity mask ("0,1,5"); empty if the system does not say.
std::string allowed_cores();

// The CPU quota of this process's cgroups, in cores: the smallest of its own group's and its
// ancestors'; nullopt if there is none. /proc and /sys are looked for in `root`. Sources: Linux's
// Documentation/admin-guide/cgroup-v2.rst (cpu.max) and scheduler/sched-bwc.rst (cpu.cfs_quota_us);
// proc(5) for /proc/self/mountinfo and cgroups(7) for /proc/self/cgroup.
std::optional<double> cgroup_quota(const std::filesystem::path& root = "/");

// The first number of OMP_NUM_THREADS, which is a list with one number for each nesting level
// (OpenMP 5.2, 21.1.2); nullopt if it is not a positive number.
std::optional<int> openmp_threads(std::string_view value);

}  // namespace elmo
