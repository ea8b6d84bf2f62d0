// Work beside the caller's own.
#pragma once

#include <exception>
#include <functional>
#include <system_error>
#include <thread>
#include <utility>

namespace elmo {

// One piece of work at a time on a thread of its own. Its destructor waits for the work, so an
// object that is declared behind what the work uses never outlives it. One caller.
class Background {
 public:
  Background() = default;
  ~Background() {
    if (thread_.joinable()) thread_.join();
  }
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  // The work before has been waited for. Where the system has no thread to give, the work is done
  // here and now.
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

  // Throws what the work threw, once; returns at once where nothing was started.
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
