#include "nn/dropout.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace elmo {
namespace {

TEST(Dropout, DropsTheRateAndKeepsTheMean) {
  constexpr int kSize = 100'000;
  for (const float rate : {0.1f, 0.5f, 0.9f}) {
    std::vector<float> values(kSize, 1.0f);
    apply_dropout(values.data(), 0, kSize, rate, Random(1, RandomUse::kDropout));
    double dropped = 0, sum = 0;
    for (const float value : values) {
      dropped += value == 0;
      sum += value;
      if (value == 0) continue;
      ASSERT_NEAR(value, 1 / (1 - rate), 1e-3 / (1 - rate));
    }
    // Four standard deviations.
    const double deviation = std::sqrt(rate * (1 - rate) / kSize);
    EXPECT_NEAR(dropped / kSize, rate, 4 * deviation);
    EXPECT_NEAR(sum / kSize, 1, 4 * deviation / (1 - rate));
  }
}

TEST(Dropout, AnElementsFateDependsOnItsIndexAlone) {
  constexpr int kSize = 1003;
  const Random random(7, RandomUse::kDropout, 3, 2);
  std::vector<float> whole(kSize, 2.0f), parts = whole, other = whole, none = whole;
  apply_dropout(whole.data(), 0, kSize, 0.3f, random);
  apply_dropout(parts.data() + 496, 496, kSize - 496, 0.3f, random);
  apply_dropout(parts.data(), 0, 496, 0.3f, random);
  EXPECT_EQ(whole, parts);
  apply_dropout(other.data(), 0, kSize, 0.3f, Random(7, RandomUse::kDropout, 4, 2));
  EXPECT_NE(whole, other);
  apply_dropout(none.data(), 0, kSize, 0.0f, random);
  EXPECT_EQ(none, std::vector<float>(kSize, 2.0f));
}

}  // namespace
}  // namespace elmo
