#include "train/background_writer.h"

#include <string>
#include <system_error>
#include <utility>

#include "elmo/error.h"
#include "io/hdf5_turn.h"

namespace elmo {

BackgroundWriter::BackgroundWriter() {
  try {
    thread_ = std::thread([this] { serve(); });
  } catch (const std::system_error& error) {
    throw Error("can't make the thread that writes files (" + error.code().message() +
                "); end other programs, or raise the limit of ulimit -u");
  }
}

BackgroundWriter::~BackgroundWriter() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

std::future<void> BackgroundWriter::submit(std::function<void()> job) {
  std::packaged_task<void()> task(std::move(job));
  std::future<void> future = task.get_future();
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(task));
  }
  changed_.notify_one();
  return future;
}

void BackgroundWriter::serve() {
  while (true) {
    std::packaged_task<void()> job;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stop_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    // Not while another thread opens a file: HDF5 examines it in a forked child, where a lock that
    // this thread held would never be released.
    const Hdf5Turn turn;
    job();
  }
}

}  // namespace elmo
