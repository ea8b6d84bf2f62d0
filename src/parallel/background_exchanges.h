// Exchanges between processes that go on while their caller computes.
#pragma once

#include <exception>
#include <functional>
#include <future>
#include <optional>

#include "base/background_queue.h"
#include "parallel/processes.h"

namespace elmo {

// Runs exchanges on a thread of its own, in the order of start(), which is the same in all
// processes. From the first start() to wait() the caller exchanges nothing itself, and leaves alone
// what they read and write. The destructor waits for all of them, so declare the object after
// everything that they use.
//
// An exchange that throws is the last: those behind it throw the same instead of running.
class BackgroundExchanges {
 public:
  // A single process has nobody to wait for: it has no thread, and start() runs the work.
  explicit BackgroundExchanges(const Processes& processes) {
    if (processes.size() > 1) queue_.emplace("exchanges data with other processes");
  }

  // The future becomes ready when this exchange and those before it have been done.
  std::shared_future<void> start(std::function<void()> exchange);
  // Waits for all that were started. Throws the exception of the one that failed.
  void wait() {
    if (last_.valid()) last_.get();
  }

 private:
  void run(const std::function<void()>& exchange);

  std::exception_ptr failure_;
  std::shared_future<void> last_;
  std::optional<BackgroundQueue> queue_;  // the last member: its thread uses the others
};

}  // namespace elmo
