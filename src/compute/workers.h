// A fixed team of threads that share one piece of work after another.
#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace elmo {

// The caller is worker 0; the others sleep between calls. Work is divided by index, never by who
// comes first, so results do not depend on timing.
class Workers {
 public:
  // Throws Error where the system does not give so many threads.
  explicit Workers(int count);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  int count() const { return count_; }
  // Runs work(0) .. work(count - 1), each on its own thread, and waits for all. Rethrows the
  // exception of the lowest index.
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

// Cores that this process may run on: those of its affinity mask.
int usable_cores();

// Part `index` of `parts` of [0, size), cut at multiples of `grain`.
struct Part {
  std::int64_t begin, end;
};
inline Part part_of(std::int64_t size, int index, int parts, std::int64_t grain = 1) {
  const std::int64_t blocks = (size + grain - 1) / grain;
  const auto cut = [&](std::int64_t i) {
    const std::int64_t at = blocks * i / parts * grain;
    return at < size ? at : size;
  };
  return {cut(index), cut(index + 1)};
}

}  // namespace elmo
