#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace elmo {

std::string_view schedule_name(Schedule schedule) {
  return schedule == Schedule::kConstant ? "constant"
         : schedule == Schedule::kCosine ? "cosine"
                                         : "inverse-sqrt";
}

double LearningRate::at(std::uint64_t step, double progress) const {
  const auto now = static_cast<double>(step), rise = static_cast<double>(warmup);
  if (now < rise) return highest * now / rise;
  double factor = 1;
  if (schedule == Schedule::kCosine) {
    factor = 0.5 * (1 + std::cos(std::numbers::pi * std::min(1.0, progress)));
  } else if (schedule == Schedule::kInverseSqrt) {
    factor = std::sqrt(std::max(1.0, rise) / std::max(now, 1.0));
  }
  return highest * factor;
}

}  // namespace elmo
