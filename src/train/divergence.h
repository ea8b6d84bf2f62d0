// When a training that still gives numbers has failed.
#pragma once

#include <cmath>
#include <cstdint>

namespace elmo {

// A mean negative log-likelihood (nats) above this has diverged: guessing among the outcomes gives
// ln(outcomes). In the first hundred steps more is no failure yet: Adagrad at bilm-tf's rate throws
// the loss to twice a guess before it falls.
inline double divergence_limit(std::int64_t outcomes, std::uint64_t steps) {
  const double guess = std::log(static_cast<double>(outcomes));
  return steps < 100 ? 5 * guess : guess + 1;
}

}  // namespace elmo
