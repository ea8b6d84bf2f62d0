// The precisions of matrix products, all of which work on every CPU.
#pragma once

#include "compute/precision.h"

namespace elmo {

constexpr Precision kPrecisions[] = {Precision::kF32, Precision::kBf16};

}  // namespace elmo
