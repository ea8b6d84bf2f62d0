// A thread that writes files while a training goes on.
#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <utility>

#include "base/background_queue.h"

namespace elmo {

// Runs jobs one after another, in the order of submit(). All HDF5 calls of a training are jobs of
// one writer, because HDF5 is not thread-safe. The destructor finishes all jobs first.
class BackgroundWriter {
 public:
  // Throws Error if the system cannot create the thread.
  BackgroundWriter() : queue_("writes files") {}

  // The job must own what it writes, or that must outlive the job. An exception of the job is
  // thrown by the future's get(). Thread-safe.
  std::future<void> submit(std::function<void()> job);

 private:
  BackgroundQueue queue_;
};

// The latest job of one kind: at most one waits or runs, so memory holds at most one copy.
class PendingWrite {
 public:
  // Waits for the job before, throws its failure if it failed, and submits the next.
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
