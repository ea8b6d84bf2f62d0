// The learning rate of each step.
#pragma once

#include <cstdint>
#include <string_view>

namespace elmo {

enum class Schedule { kConstant, kCosine, kInverseSqrt };
std::string_view schedule_name(Schedule schedule);  // constant, cosine, inverse-sqrt

struct LearningRate {
  double highest = 0;
  Schedule schedule = Schedule::kConstant;
  std::uint64_t warmup = 0;  // steps

  // The rate at step `step` (from 1), when the share `progress` of the work is done. It rises
  // linearly to `highest` during warm-up. Then it stays constant, falls to 0 along half a cosine of
  // the progress (Loshchilov and Hutter 2017, SGDR, without restarts), or falls with sqrt(warmup /
  // step) (Vaswani et al. 2017).
  double at(std::uint64_t step, double progress) const;
};

}  // namespace elmo
