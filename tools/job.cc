#include "tools/job.h"

#include <fmt/core.h>

#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <thread>

#include "base/interrupt.h"
#include "base/log.h"
#include "elmo/error.h"
#include "parallel/launcher.h"
#include "tools/failure.h"
#include "tools/output.h"

namespace elmo {

using namespace std::chrono_literals;

namespace {

// A launcher may drop output that is not yet delivered when a job ends.
void tell(std::string_view prefix, std::string_view command, const std::string& message) {
  if (message.empty()) return;
  std::fwrite(prefix.data(), 1, prefix.size(), stderr);
  print_message(command, message);
  std::fflush(stderr);
  std::this_thread::sleep_for(200ms);
}

}  // namespace

int run_job(std::string_view command, double stall, const std::function<void(Processes&)>& work) {
  std::optional<Job> job;
  try {
    job.emplace(stall);
  } catch (...) {
    // Without a job the processes can't agree on who reports the failure. Usually all of them fail,
    // so the others wait: the launcher ends them when the first one ends.
    if (rank_in_launch() != 0) std::this_thread::sleep_for(1s);
    const Failure failure = current_failure();
    tell("", command, failure.message);
    return failure.status;
  }
  Processes& processes = job->processes();
  if (processes.size() == 1) {
    work(processes);
    job->leave();
    return kDone;
  }
  const bool first = processes.is_first();
  const std::string prefix =
      first ? "" : fmt::format("[{} {}] ", processes.rank(), processes.host(processes.rank()));
  log::set_prefix(prefix);
  // Up to the end: a launcher's signal may reach a process when another's has ended the work.
  const InterruptGuard guard;
  try {
    work(processes);
  } catch (const Interrupted& error) {
    // All stop after the same step. The first process ends last, because its status is the job's,
    // and srun --kill-on-bad-exit would kill processes that are still ending.
    if (first) print_message(command, error.what());
    job->leave();
    if (!first) return kDone;
    std::this_thread::sleep_for(500ms);
    return kInterrupted;
  } catch (...) {
    const Failure failure = current_failure();
    if (job->may_tell()) {
      tell(prefix, command, failure.message);
    } else {
      std::this_thread::sleep_for(20s);  // the reporting process ends all
    }
    job->abort(failure.status);
  }
  job->leave();
  return kDone;
}

}  // namespace elmo
