// A second thread that runs jobs one after another.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <string>
#include <thread>

namespace elmo {

// Runs jobs in the order of submit().
class BackgroundQueue {
 public:
  // Throws Error if the system cannot create the thread; `purpose`, such as "writes files", is for
  // that message.
  explicit BackgroundQueue(const std::string& purpose);
  // Finishes all jobs first.
  ~BackgroundQueue();
  BackgroundQueue(const BackgroundQueue&) = delete;
  BackgroundQueue& operator=(const BackgroundQueue&) = delete;

  // What the job uses must outlive it. An exception of the job is thrown by the future's get().
  // Thread-safe.
  std::future<void> submit(std::function<void()> job);

 private:
  void serve();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::packaged_task<void()>> jobs_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace elmo
