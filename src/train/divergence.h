// Detects a training that has diverged although its loss is still finite.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

namespace elmo {

// A mean negative log-likelihood (nats) above this means divergence; guessing among the outcomes
// gives ln(outcomes). In the first hundred steps the limit is higher, because Adagrad at bilm-tf's
// learning rate raises the loss to twice that of guessing before it falls.
inline double divergence_limit(std::int64_t outcomes, std::uint64_t steps) {
  const double guess = std::log(static_cast<double>(outcomes));
  return steps < 100 ? 5 * guess : guess + 1;
}

// Says what is wrong with a training that has this loss at `step`; empty if nothing is. `where`:
// "in epoch 3". `of_what`: what the outcomes are, "labels".
inline std::string describe_divergence(std::string_view where, double loss, std::int64_t outcomes,
                                       std::string_view of_what, std::uint64_t step) {
  if (loss <= divergence_limit(outcomes, step)) return {};
  return fmt::format(
      "{} the loss is {:.4g}, worse than a guess among the {} {} ({:.2f}): the training diverges; "
      "a lower --learning-rate helps",
      where, loss, outcomes, of_what, std::log(outcomes));
}

}  // namespace elmo
