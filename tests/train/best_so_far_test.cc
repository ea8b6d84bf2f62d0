#include "train/best_so_far.h"

#include <gtest/gtest.h>

#include "train/divergence.h"

namespace elmo {
namespace {

TEST(BestSoFarTest, LowerIsBetterAndPatienceCountsWhatIsNot) {
  BestSoFar best{.better = BestSoFar::Better::kLower, .patience = 2};
  EXPECT_TRUE(best.offer(5, 10));
  EXPECT_FALSE(best.offer(5, 20)) << "equal is not better";
  EXPECT_FALSE(best.out_of_patience());
  EXPECT_TRUE(best.offer(4, 30));
  EXPECT_FALSE(best.offer(9, 40));
  EXPECT_FALSE(best.offer(8, 50));
  EXPECT_TRUE(best.out_of_patience());
  EXPECT_EQ(best.value, 4);
  EXPECT_EQ(best.at, 30u);
  best.forget();
  EXPECT_FALSE(best.out_of_patience());
  EXPECT_TRUE(best.offer(100, 60));
}

TEST(BestSoFarTest, HigherIsBetterAndWithoutPatienceItNeverEnds) {
  BestSoFar best;
  EXPECT_TRUE(best.offer(0, 1)) << "the first is the best, whatever it is";
  for (std::uint64_t i = 2; i < 100; ++i) EXPECT_FALSE(best.offer(-1, i));
  EXPECT_FALSE(best.out_of_patience());
}

TEST(BestSoFarTest, GoesThroughJson) {
  BestSoFar best{.better = BestSoFar::Better::kLower, .patience = 1};
  BestSoFar other = best;
  other.read(best.to_json());
  EXPECT_FALSE(other.value.has_value());
  best.offer(1.0 / 3, 7);
  best.offer(2, 8);
  other.read(nlohmann::json::parse(best.to_json().dump()));
  EXPECT_EQ(other.value, 1.0 / 3);
  EXPECT_EQ(other.at, 7u);
  EXPECT_TRUE(other.out_of_patience());
}

TEST(DivergenceTest, ALossAboveAGuessByMoreThanOneBehindTheFirstSteps) {
  EXPECT_DOUBLE_EQ(divergence_limit(1000, 100), 6.907755278982137 + 1);
  EXPECT_DOUBLE_EQ(divergence_limit(1000, 99), 5 * 6.907755278982137);
}

}  // namespace
}  // namespace elmo
