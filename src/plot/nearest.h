// The nearest of a set of vectors to each of them.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "compute/workers.h"

namespace elmo {

struct Near {
  std::size_t row;
  float cosine;
};

// For each row of `rows`, row-major (rows, dimension), its `count` nearest other rows, fewer where
// there are no more, by falling cosine, of equal ones the earlier first. A row of zeros has the
// cosine 0 with all. Memory: the rows once more, and a few MiB a worker.
std::vector<std::vector<Near>> nearest_rows(std::span<const float> rows, std::size_t dimension,
                                            std::size_t count, Workers& workers);

}  // namespace elmo
