// What a forked child must not share with its parent.
#pragma once

#include <unistd.h>

#include <atomic>
#include <memory>

namespace elmo {

// A T that each process has for itself: in a child of fork() get() gives a new one. The parent's is
// left as it is and never destroyed there: a mutex of it may be held, a condition waited for, by
// threads that the child has not. Any thread may call get().
template <typename T>
class PerProcess {
 public:
  PerProcess() : mine_(new Mine(getpid())) {}
  ~PerProcess() {
    Mine* mine = mine_;
    if (mine->process == getpid()) delete mine;
  }
  PerProcess(const PerProcess&) = delete;
  PerProcess& operator=(const PerProcess&) = delete;

  T& get() {
    Mine* mine = mine_;
    if (mine->process == getpid()) return mine->value;
    auto fresh = std::make_unique<Mine>(getpid());
    if (mine_.compare_exchange_strong(mine, fresh.get())) mine = fresh.release();
    return mine->value;
  }

 private:
  struct Mine {
    explicit Mine(pid_t of) : process(of) {}
    pid_t process;
    T value;
  };
  std::atomic<Mine*> mine_;
};

}  // namespace elmo
