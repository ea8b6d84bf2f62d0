// A thread that writes files while a training goes on.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <thread>

namespace elmo {

// Does one job after another, in the order in which they came. All HDF5 work of a training is a
// job of its one writer, so that HDF5 is used by one thread at a time.
class BackgroundWriter {
 public:
  BackgroundWriter();
  // Does what is still to be done first.
  ~BackgroundWriter();
  BackgroundWriter(const BackgroundWriter&) = delete;
  BackgroundWriter& operator=(const BackgroundWriter&) = delete;

  // The job owns or outlives what it writes. Its failure is thrown by the future's get(). Any
  // thread.
  std::future<void> submit(std::function<void()> job);

 private:
  void serve();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::packaged_task<void()>> jobs_;
  bool stop_ = false;
  std::thread thread_;
};

// The latest job of one kind: at most one waits or runs, so memory holds at most one copy.
class PendingWrite {
 public:
  // Waits for the one before, whose failure it throws, and hands over the next.
  void submit(BackgroundWriter& writer, std::function<void()> job) {
    wait();
    future_ = writer.submit(std::move(job));
  }
  // Throws the failure of a job that has ended, without waiting for one that has not.
  void check() {
    if (future_.valid() && future_.wait_for(std::chrono::seconds(0)) == std::future_status::ready) {
      future_.get();
    }
  }
  // Waits until all is written. Throws the job's failure.
  void wait() {
    if (future_.valid()) future_.get();
  }

 private:
  std::future<void> future_;
};

}  // namespace elmo
