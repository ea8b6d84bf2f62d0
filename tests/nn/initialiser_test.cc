#include "nn/initialiser.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace elmo {
namespace {

Parameter parameter(std::vector<std::int64_t> shape) { return {"p", std::move(shape)}; }

TEST(Initialiser, GlorotFillsItsBounds) {
  Parameter p = parameter({60, 40});
  Initialiser(1).glorot(p);
  const auto bound = static_cast<float>(std::sqrt(6.0 / 100));
  const auto [least, most] = std::ranges::minmax(p.value.span());
  EXPECT_GE(least, -bound);
  EXPECT_LT(most, bound);
  EXPECT_LT(least, -0.95f * bound);
  EXPECT_GT(most, 0.95f * bound);
}

TEST(Initialiser, EachBlockIsOrthogonal) {
  constexpr std::size_t kSize = 17, kBlocks = 3;
  Parameter p = parameter({kBlocks * kSize, kSize});
  Initialiser(2).orthogonal(p);
  for (std::size_t block = 0; block < kBlocks; ++block) {
    const float* rows = p.value.data() + block * kSize * kSize;
    for (std::size_t i = 0; i < kSize; ++i) {
      for (std::size_t j = 0; j < kSize; ++j) {
        double dot = 0;
        for (std::size_t k = 0; k < kSize; ++k) {
          dot += static_cast<double>(rows[i * kSize + k]) * rows[j * kSize + k];
        }
        EXPECT_NEAR(dot, i == j ? 1 : 0, 1e-6);
      }
    }
  }
  // The blocks must differ.
  EXPECT_NE(p.value[0], p.value[kSize * kSize]);
}

TEST(Initialiser, NormalHasItsDeviation) {
  Parameter p = parameter({100, 100});
  Initialiser(3).normal(p, 0.5f);
  double sum = 0, squares = 0;
  for (const float value : p.value.span()) {
    sum += value;
    squares += static_cast<double>(value) * value;
  }
  EXPECT_NEAR(sum / 10'000, 0, 0.02);
  EXPECT_NEAR(std::sqrt(squares / 10'000), 0.5, 0.02);
}

// Only the seed and the number of parameters before it matter, not their shapes.
TEST(Initialiser, DrawsDependOnSeedAndOrderAlone) {
  const auto draw = [](std::uint64_t seed, std::vector<std::int64_t> first) {
    Initialiser initialiser(seed);
    Parameter one = parameter(std::move(first)), two = parameter({4, 4});
    initialiser.normal(one, 1);
    initialiser.glorot(two);
    return std::vector<float>(two.value.span().begin(), two.value.span().end());
  };
  EXPECT_EQ(draw(1, {2, 2}), draw(1, {50, 3}));
  EXPECT_NE(draw(1, {2, 2}), draw(2, {2, 2}));
}

}  // namespace
}  // namespace elmo
