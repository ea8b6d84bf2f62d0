// Where the time of a long job goes.
#pragma once

#include <algorithm>
#include <chrono>
#include <string_view>
#include <vector>

namespace elmo {

// Divides the time since restart() among named phases, one at a time, so that they add up to the
// wall time. Names must be string literals. Not thread-safe.
class PhaseClock {
 public:
  struct Phase {
    std::string_view name;
    double seconds;
  };

  // The time from now until the next call belongs to `name`.
  void enter(std::string_view name) {
    const auto now = Clock::now();
    if (!phases_.empty()) phases_[current_].seconds += seconds(now - entered_);
    entered_ = now;
    const auto found = std::find_if(phases_.begin(), phases_.end(),
                                    [&](const Phase& phase) { return phase.name == name; });
    current_ = static_cast<std::size_t>(found - phases_.begin());
    if (found == phases_.end()) phases_.push_back({name, 0});
  }
  // Forgets what was measured.
  void restart() { phases_.clear(); }
  // In the order in which they were first entered, measured up to the last call of enter().
  const std::vector<Phase>& phases() const { return phases_; }

 private:
  using Clock = std::chrono::steady_clock;
  static double seconds(Clock::duration duration) {
    return std::chrono::duration<double>(duration).count();
  }

  std::vector<Phase> phases_;
  std::size_t current_ = 0;
  Clock::time_point entered_;
};

}  // namespace elmo
