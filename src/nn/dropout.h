// Inverted dropout with counter-based masks.
#pragma once

#include <cstdint>

#include "compute/random.h"

namespace elmo {

// Sets each of `count` values to 0 with probability `rate`; multiplies the others by 1 / (1 -
// rate). The values are elements `first` and following of the array that dropout applies to.
// Whether element i is dropped depends on (random, i) alone, so the backward pass applies the same
// function to the gradient and no mask is stored. `first` must be a multiple of 8.
void apply_dropout(float* values, std::int64_t first, std::int64_t count, float rate,
                   const Random& random);

}  // namespace elmo
