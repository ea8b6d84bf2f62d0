#include "parallel/own_threads.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/usable_cores.h"

namespace elmo {

bool threads_are_chosen(int asked) {
  const char* value = std::getenv("OMP_NUM_THREADS");
  return asked != 0 || (value != nullptr && openmp_threads(value));
}

int own_threads(Processes& processes, int asked, const Cores& cores) {
  const std::vector<std::string> all = tell_all(processes, cores.allowed);
  if (threads_are_chosen(asked)) return thread_count(asked);
  int sharing = 0;
  for (int i = 0; i < processes.size(); ++i) {
    const bool is_here = processes.host(i) == processes.host(processes.rank());
    if (is_here && all[static_cast<std::size_t>(i)] == cores.allowed) ++sharing;
  }
  return std::max(1, cores.usable / sharing);
}

}  // namespace elmo
