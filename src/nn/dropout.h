// Inverted dropout with counter-based masks.
#pragma once

#include <cstdint>

#include "compute/random.h"

namespace elmo {

// Multiplies each of `count` values by 0 with the given rate, else by 1 / (1 - rate). They are
// elements `first` and on of what is dropped from, and element i's fate depends on (random, i)
// alone, so the backward pass applies the same function to the gradient and nothing is stored.
// first must be a multiple of 8.
void apply_dropout(float* values, std::int64_t first, std::int64_t count, float rate,
                   const Random& random);

}  // namespace elmo
