// The nearest neighbours of each of a set of vectors.
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

// For each row of `rows` (row-major: rows, dimension), its `count` nearest other rows (all, if
// there are fewer), ordered by decreasing cosine and then by row. A row of zeros has the cosine 0
// with all rows. Takes memory for two copies of the rows, and 64 floats per row for each worker.
std::vector<std::vector<Near>> nearest_rows(std::span<const float> rows, std::size_t dimension,
                                            std::size_t count, Workers& workers);

}  // namespace elmo
