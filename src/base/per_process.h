// State that a forked child must not share with its parent.
#pragma once

#include <unistd.h>

#include <atomic>
#include <memory>

namespace elmo {

// A T for each process: in a child of fork(), get() makes a new one. The child neither uses nor
// destroys the parent's, whose mutexes may be held by threads that the child does not have. get()
// is thread-safe.
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
