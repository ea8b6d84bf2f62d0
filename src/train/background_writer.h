// A thread that writes files while training continues.
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

  // The job must own what it uses, or that must outlive the job. The future's get() throws an
  // exception of the job. Thread-safe.
  std::future<void> submit(std::function<void()> job);

 private:
  BackgroundQueue queue_;
};

// The latest job of one kind. At most one is waiting or running, so memory holds at most one copy
// of its data.
class PendingWrite {
 public:
  // Waits for the previous job, throws its failure, and submits the next one.
  void submit(BackgroundWriter& writer, std::function<void()> job) {
    wait();
    future_ = writer.submit(std::move(job));
  }
  // Throws the failure of a finished job; does not wait for a running one.
  void check() {
    if (future_.valid() && future_.wait_for(std::chrono::seconds(0)) == std::future_status::ready) {
      future_.get();
    }
  }
  // Waits until the job is done and throws its failure.
  void wait() {
    if (future_.valid()) future_.get();
  }

 private:
  std::future<void> future_;
};

}  // namespace elmo
