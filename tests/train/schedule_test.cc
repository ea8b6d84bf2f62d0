#include "train/schedule.h"

#include <gtest/gtest.h>

namespace elmo {
namespace {

TEST(LearningRateTest, RisesLinearlyThenStays) {
  const LearningRate rate{.highest = 0.4, .schedule = Schedule::kConstant, .warmup = 4};
  EXPECT_DOUBLE_EQ(rate.at(1, 0), 0.1);
  EXPECT_DOUBLE_EQ(rate.at(3, 0.5), 0.3);
  EXPECT_DOUBLE_EQ(rate.at(4, 0.5), 0.4);
  EXPECT_DOUBLE_EQ(rate.at(1000, 1), 0.4);
}

TEST(LearningRateTest, CosineFollowsTheProgress) {
  const LearningRate rate{.highest = 2, .schedule = Schedule::kCosine};
  EXPECT_DOUBLE_EQ(rate.at(1, 0), 2);
  EXPECT_DOUBLE_EQ(rate.at(50, 0.5), 1);
  EXPECT_NEAR(rate.at(75, 1.0 / 3), 1.5, 1e-12);
  EXPECT_NEAR(rate.at(100, 1), 0, 1e-15);
  EXPECT_NEAR(rate.at(100, 1.5), 0, 1e-15) << "never up again";
}

TEST(LearningRateTest, InverseSquareRootMeetsTheWarmup) {
  const LearningRate rate{.highest = 1, .schedule = Schedule::kInverseSqrt, .warmup = 100};
  EXPECT_DOUBLE_EQ(rate.at(50, 0), 0.5);
  EXPECT_DOUBLE_EQ(rate.at(100, 0), 1);
  EXPECT_DOUBLE_EQ(rate.at(400, 0), 0.5);
  const LearningRate without{.highest = 1, .schedule = Schedule::kInverseSqrt};
  EXPECT_DOUBLE_EQ(without.at(4, 0), 0.5);
}

}  // namespace
}  // namespace elmo
