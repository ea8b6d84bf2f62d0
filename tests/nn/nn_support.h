// Shared by the tests of the layers: random numbers, texts of unequal lengths, finite differences.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "compute/random.h"
#include "nn/parameter.h"
#include "nn/ragged.h"

namespace elmo {

class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : random_(seed, RandomUse::kInitialise) {}
  float normal() { return random_.normal(next_++); }
  std::vector<float> normals(std::int64_t count, float deviation = 1) {
    std::vector<float> result(static_cast<std::size_t>(count));
    for (float& value : result) value = deviation * normal();
    return result;
  }
  // Fills all parameters of a layer with random values and allocates their gradients.
  template <typename Layer>
  void fill(Layer& layer, float deviation) {
    layer.for_each_parameter([&](Parameter& parameter) {
      for (float& value : parameter.value.span()) value = deviation * normal();
      parameter.allocate_gradient();
    });
  }

 private:
  Random random_;
  std::uint64_t next_ = 0;
};

inline Ragged ragged(const std::vector<std::int64_t>& lengths) {
  Ragged texts;
  for (const std::int64_t length : lengths) texts.add(length);
  return texts;
}

inline double dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

// Compares `gradient` with finite differences of `loss`, which depends on `values`; they are varied
// one at a time. The fourth-order formula allows steps that are large against float32's rounding
// errors. A NaN loss means that a step crossed a kink; that value is skipped, as long as at most a
// quarter of them are.
inline void expect_gradient(std::span<float> values, std::span<const float> gradient,
                            const std::function<double()>& loss, const std::string& name,
                            double tolerance = 1e-3) {
  constexpr float kStep = 0.02f;
  std::size_t passed_over = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float kept = values[i];
    const auto at = [&](float steps) {
      values[i] = kept + steps * kStep;
      return loss();
    };
    const double near = at(1) - at(-1), far = at(2) - at(-2);
    values[i] = kept;
    const double numeric = (8 * near - far) / (12 * kStep);
    if (std::isnan(numeric)) {
      ++passed_over;
      continue;
    }
    EXPECT_NEAR(gradient[i], numeric, tolerance * std::max(1.0, std::abs(numeric)))
        << name << " " << i;
  }
  EXPECT_LE(passed_over, values.size() / 4) << name;
}

}  // namespace elmo
