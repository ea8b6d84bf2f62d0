// A fixed team of threads that share the work of one call after another.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/per_process.h"

namespace elmo {

// The calling thread is worker 0; the others sleep between calls. Work is divided by index, never
// in order of arrival, so results do not depend on timing. Threads do not survive fork(): a forked
// process gets new ones when it first calls run(). Not thread-safe.
class Workers {
 public:
  // Throws Error if the system cannot create so many threads; so may run() in a forked process.
  explicit Workers(int count);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  int count() const { return count_; }
  // Runs work(0) .. work(count - 1), each on its own thread, and waits for all. Rethrows the
  // exception of the lowest index.
  void run(const std::function<void(int)>& work);

 private:
  class Team;

  int count_;
  PerProcess<std::unique_ptr<Team>> team_;
};

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
