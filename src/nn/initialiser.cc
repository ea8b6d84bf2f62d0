#include "nn/initialiser.h"

#include <cmath>
#include <vector>

#include "compute/random.h"

namespace elmo {

void Initialiser::glorot(Parameter& parameter) {
  const Random random(seed_, RandomUse::kInitialise, parameters_++);
  const auto bound = static_cast<float>(
      std::sqrt(6.0 / static_cast<double>(parameter.shape[0] + parameter.shape[1])));
  for (std::size_t i = 0; i < parameter.value.size(); ++i) {
    parameter.value[i] = bound * (2 * random.uniform(i) - 1);
  }
}

void Initialiser::orthogonal(Parameter& parameter) {
  const Random random(seed_, RandomUse::kInitialise, parameters_++);
  const auto n = static_cast<std::size_t>(parameter.shape[1]);
  const auto dot = [n](const double* a, const double* b) {
    double sum = 0;
    for (std::size_t k = 0; k < n; ++k) sum += a[k] * b[k];
    return sum;
  };
  std::vector<double> block(n * n);
  for (std::size_t first = 0; first < parameter.value.size(); first += n * n) {
    for (std::size_t i = 0; i < n * n; ++i) block[i] = random.normal(first + i);
    // Gram-Schmidt, twice, since one pass leaves a small component along earlier rows.
    for (std::size_t i = 0; i < n; ++i) {
      double* row = block.data() + i * n;
      for (int pass = 0; pass < 2; ++pass) {
        for (std::size_t j = 0; j < i; ++j) {
          const double* earlier = block.data() + j * n;
          const double along = dot(row, earlier);
          for (std::size_t k = 0; k < n; ++k) row[k] -= along * earlier[k];
        }
        const double length = std::sqrt(dot(row, row));
        for (std::size_t k = 0; k < n; ++k) row[k] /= length;
      }
    }
    for (std::size_t i = 0; i < n * n; ++i)
      parameter.value[first + i] = static_cast<float>(block[i]);
  }
}

void Initialiser::normal(Parameter& parameter, float deviation) {
  const Random random(seed_, RandomUse::kInitialise, parameters_++);
  for (std::size_t i = 0; i < parameter.value.size(); ++i) {
    parameter.value[i] = deviation * random.normal(i);
  }
}

}  // namespace elmo
