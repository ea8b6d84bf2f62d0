#include "tools/job.h"

#include <fmt/core.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

#include "base/log.h"
#include "elmo/error.h"
#include "parallel/launcher.h"
#include "tools/failure.h"
#include "tools/output.h"

namespace elmo {

int run_job(std::string_view command, double stall, const std::function<void(Processes&)>& work) {
  Job job(stall);
  Processes& processes = job.processes();
  if (processes.size() == 1) {
    work(processes);
    job.leave();
    return kDone;
  }
  const bool first = processes.is_first();
  const std::string prefix =
      first ? "" : fmt::format("[{} {}] ", processes.rank(), processes.host(processes.rank()));
  log::set_prefix(prefix);
  try {
    work(processes);
  } catch (const Interrupted& error) {
    // All stop after the same step. The first one's status is the job's: srun --kill-on-bad-exit
    // would kill those who are on their way out, so that it goes last.
    using namespace std::chrono_literals;
    if (first) print_message(command, error.what());
    job.leave();
    if (!first) return kDone;
    std::this_thread::sleep_for(500ms);
    return kInterrupted;
  } catch (...) {
    const Failure failure = current_failure();
    // What goes wrong everywhere is said once: the first process ends the job before the others
    // get to speak. A launcher may drop what is still on its way when a job is ended.
    using namespace std::chrono_literals;
    if (!first) std::this_thread::sleep_for(1s);
    if (!failure.message.empty()) {
      std::fputs(prefix.c_str(), stderr);
      print_message(command, failure.message);
    }
    std::fflush(stderr);
    std::this_thread::sleep_for(200ms);
    job.abort(failure.status);
  }
  job.leave();
  return kDone;
}

}  // namespace elmo
