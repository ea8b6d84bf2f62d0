// Work in the background, on a second thread.
#pragma once

#include <exception>
#include <functional>
#include <system_error>
#include <thread>
#include <utility>

namespace elmo {

// Runs one piece of work at a time on a thread of its own. The destructor waits for the work, so
// declare the object after everything that the work uses. Not thread-safe.
class Background {
 public:
  Background() = default;
  ~Background() {
    if (thread_.joinable()) thread_.join();
  }
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  // The previous work must have been waited for. If the system cannot create a thread, the work
  // runs before start() returns.
  void start(std::function<void()> work) {
    work_ = [this, work = std::move(work)] {
      try {
        work();
      } catch (...) {
        error_ = std::current_exception();
      }
    };
    try {
      thread_ = std::thread(work_);
    } catch (const std::system_error&) {
      work_();
    }
  }

  // Waits for the work and rethrows its exception, once. Returns at once if nothing was started.
  void wait() {
    if (thread_.joinable()) thread_.join();
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  }

 private:
  std::function<void()> work_;
  std::exception_ptr error_;
  std::thread thread_;
};

}  // namespace elmo
