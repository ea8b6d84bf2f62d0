#include "compute/random.h"

#include <cmath>
#include <numbers>
#include <numeric>

namespace elmo {

float Random::normal(std::uint64_t i) const {
  const auto r = at(i);
  const double u = (static_cast<double>(r[0]) + 1) * 0x1p-32;
  const double v = static_cast<double>(r[1]) * 0x1p-32;
  return static_cast<float>(std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v));
}

std::vector<std::uint32_t> Random::permutation(std::uint32_t n) const {
  std::vector<std::uint32_t> result(n);
  std::iota(result.begin(), result.end(), 0u);
  for (std::uint32_t i = n; i > 1; --i) {
    std::swap(result[i - 1], result[below(i, i)]);
  }
  return result;
}

}  // namespace elmo
