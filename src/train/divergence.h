// Detects a training that has diverged although its loss is still finite.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

namespace elmo {

// A mean negative log-likelihood (nats) above this has diverged: guessing among the outcomes gives
// ln(outcomes). In the first hundred steps more is no failure yet: Adagrad at bilm-tf's rate throws
// the loss to twice a guess before it falls.
inline double divergence_limit(std::int64_t outcomes, std::uint64_t steps) {
  const double guess = std::log(static_cast<double>(outcomes));
  return steps < 100 ? 5 * guess : guess + 1;
}

// What is wrong with a training whose loss at `step` is this; empty: nothing. `where`: "in epoch
// 3"; `of_what` there are outcomes: "labels".
inline std::string describe_divergence(std::string_view where, double loss, std::int64_t outcomes,
                                       std::string_view of_what, std::uint64_t step) {
  if (loss <= divergence_limit(outcomes, step)) return {};
  return fmt::format(
      "{} the loss is {:.4g}, worse than a guess among the {} {} ({:.2f}): the training diverges; "
      "a lower --learning-rate helps",
      where, loss, outcomes, of_what, std::log(outcomes));
}

}  // namespace elmo
