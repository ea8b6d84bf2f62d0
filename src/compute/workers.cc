#include "compute/workers.h"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "elmo/error.h"

namespace elmo {

// The threads and their shared state.
class Workers::Team {
 public:
  explicit Team(int count) : count_(count), errors_(static_cast<std::size_t>(count)) {
    threads_.reserve(static_cast<std::size_t>(count));
    try {
      for (int i = 1; i < count; ++i) threads_.emplace_back([this, i] { serve(i); });
    } catch (const std::system_error& error) {
      const std::size_t made = threads_.size() + 1;
      stop();
      throw Error("can't start " + std::to_string(count) + " threads, only " +
                  std::to_string(made) + " (" + error.code().message() +
                  "); use a smaller --threads");
    }
  }
  ~Team() { stop(); }
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  void run(const std::function<void(int)>& work);

 private:
  void serve(int index);
  void stop();

  int count_;
  std::mutex mutex_;
  std::condition_variable start_, done_;
  const std::function<void(int)>* work_ = nullptr;
  std::uint64_t round_ = 0;
  int running_ = 0;
  bool stop_ = false;
  std::vector<std::exception_ptr> errors_;
  std::vector<std::thread> threads_;
};

Workers::Workers(int count) : count_(count) { team_.get() = std::make_unique<Team>(count); }
Workers::~Workers() = default;

void Workers::run(const std::function<void(int)>& work) {
  std::unique_ptr<Team>& team = team_.get();
  if (!team) team = std::make_unique<Team>(count_);
  team->run(work);
}

void Workers::Team::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  start_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void Workers::Team::run(const std::function<void(int)>& work) {
  if (count_ > 1) {
    const std::lock_guard lock(mutex_);
    work_ = &work;
    running_ = count_ - 1;
    ++round_;
  }
  start_.notify_all();
  errors_[0] = nullptr;
  try {
    work(0);
  } catch (...) {
    errors_[0] = std::current_exception();
  }
  if (count_ > 1) {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return running_ == 0; });
  }
  for (const auto& error : errors_) {
    if (error) std::rethrow_exception(error);
  }
}

void Workers::Team::serve(int index) {
  std::uint64_t seen = 0;
  while (true) {
    const std::function<void(int)>* work = nullptr;
    {
      std::unique_lock lock(mutex_);
      start_.wait(lock, [&] { return stop_ || round_ != seen; });
      if (stop_) return;
      seen = round_;
      work = work_;
    }
    std::exception_ptr error;
    try {
      (*work)(index);
    } catch (...) {
      error = std::current_exception();
    }
    {
      const std::lock_guard lock(mutex_);
      errors_[static_cast<std::size_t>(index)] = error;
      --running_;
    }
    done_.notify_one();
  }
}

}  // namespace elmo
