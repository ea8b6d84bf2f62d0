// Exchange of rows of a batch between processes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "parallel/processes.h"

namespace elmo {

// A row of the batch that one process holds and another needs. All processes know all routes.
struct RowRoute {
  std::int64_t row;  // in the arrays of the process that holds it
  int from, to;
};

// Collective. Sends rows of `row_bytes` bytes along the routes. `rows`: the rows that this process
// holds, dense. Returns the rows sent to this process, dense, in the order of the routes. A route
// may lead from a process to itself.
std::vector<std::byte> bring_rows(Processes& processes, std::span<const RowRoute> routes,
                                  const std::byte* rows, std::size_t row_bytes);

}  // namespace elmo
