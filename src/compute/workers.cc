#include "compute/workers.h"

namespace elmo {

Workers::Workers(int count) : count_(count), errors_(static_cast<std::size_t>(count)) {
  for (int i = 1; i < count; ++i) threads_.emplace_back([this, i] { serve(i); });
}

Workers::~Workers() {
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
