#include "base/background_queue.h"

#include <system_error>
#include <utility>

#include "elmo/error.h"

namespace elmo {

BackgroundQueue::BackgroundQueue(const std::string& purpose) {
  try {
    thread_ = std::thread([this] { serve(); });
  } catch (const std::system_error& error) {
    throw Error("can't make the thread that " + purpose + " (" + error.code().message() +
                "); end other programs, or raise the limit of ulimit -u");
  }
}

BackgroundQueue::~BackgroundQueue() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

std::future<void> BackgroundQueue::submit(std::function<void()> job) {
  std::packaged_task<void()> task(std::move(job));
  std::future<void> future = task.get_future();
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(task));
  }
  changed_.notify_one();
  return future;
}

void BackgroundQueue::serve() {
  while (true) {
    std::packaged_task<void()> job;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stop_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job();
  }
}

}  // namespace elmo
