// The number formats that this CPU multiplies in.
#pragma once

#include <vector>

#include "compute/precision.h"

namespace elmo {

inline std::vector<Precision> available_precisions() {
  if (cpu_has_bf16()) return {Precision::kF32, Precision::kBf16};
  return {Precision::kF32};
}

}  // namespace elmo
