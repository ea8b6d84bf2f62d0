#include "compute/random.h"

#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

namespace elmo {

float Random::normal(std::uint64_t i) const {
  // Elements 2k and 2k + 1 are the two numbers of one Box-Muller pair.
  const auto numbers = at(i / 4);
  const std::size_t pair = i % 4 / 2 * 2;
  const double u = (static_cast<double>(numbers[pair]) + 1.0) * 0x1p-32;  // in (0, 1]: has a log
  const double angle = 2.0 * std::numbers::pi * 0x1p-32 * static_cast<double>(numbers[pair + 1]);
  const double radius = std::sqrt(-2.0 * std::log(u));
  return static_cast<float>(radius * (i % 2 == 0 ? std::cos(angle) : std::sin(angle)));
}

std::vector<std::uint32_t> Random::permutation(std::uint32_t n) const {
  std::vector<std::uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0u);
  for (std::uint32_t i = n; i > 1; --i) {
    std::swap(order[i - 1], order[static_cast<std::size_t>(below(i, i))]);
  }
  return order;
}

}  // namespace elmo
