// Rows of a batch, spread over processes, that some process wants.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "parallel/processes.h"

namespace elmo {

// A row of the batch, of which every process knows where it is and who wants it.
struct RowRoute {
  std::int64_t row;  // in the arrays of the process that holds it
  int from, to;
};

// A meeting that brings rows of `row_bytes` bytes to those who want them. `rows`: dense, those that
// this process holds. Returns the rows whose route leads here, dense, in the order of the routes.
std::vector<std::byte> bring_rows(Processes& processes, std::span<const RowRoute> routes,
                                  const std::byte* rows, std::size_t row_bytes);

}  // namespace elmo
