#include "compute/workers.h"

#include <sched.h>

#include <algorithm>
#include <string>
#include <system_error>

#include "elmo/error.h"

namespace elmo {

int usable_cores() {
  cpu_set_t set;
  // Fails where the machine has more cores than the set has room for.
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

Workers::Workers(int count) : count_(count), errors_(static_cast<std::size_t>(count)) {
  threads_.reserve(static_cast<std::size_t>(count));
  try {
    for (int i = 1; i < count; ++i) threads_.emplace_back([this, i] { serve(i); });
  } catch (const std::system_error& error) {
    const std::size_t made = threads_.size() + 1;
    stop();
    throw Error("can't make " + std::to_string(count) + " threads, only " + std::to_string(made) +
                " (" + error.code().message() + "); ask for fewer with --threads");
  }
}

Workers::~Workers() { stop(); }

void Workers::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  start_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void Workers::run(const std::function<void(int)>& work) {
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

void Workers::serve(int index) {
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
