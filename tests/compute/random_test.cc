#include "compute/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <vector>

namespace elmo {
namespace {

using Four = std::array<std::uint32_t, 4>;

// The generator with a given Philox key: inverts how the constructor mixes the seed.
Random with_key(std::uint32_t key0, std::uint32_t key1, std::uint64_t a) {
  const std::uint32_t mixed =
      static_cast<std::uint32_t>(RandomUse::kInitialise) * std::uint32_t{0x9E3779B9};
  const std::uint64_t seed = (static_cast<std::uint64_t>(key1) << 32) | (key0 ^ mixed);
  return Random(seed, RandomUse::kInitialise, a);
}

// The three test vectors published by the authors of Philox4x32-10.
TEST(RandomTest, KnownAnswers) {
  EXPECT_EQ(with_key(0, 0, 0).at(0), (Four{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(with_key(~0u, ~0u, ~std::uint64_t{0}).at(~std::uint64_t{0}),
            (Four{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(with_key(0xa4093822, 0x299f31d0, 0x0370734413198a2e).at(0x85a308d3243f6a88),
            (Four{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(RandomTest, ManyAtATimeAreThoseOneByOne) {
  const Random random = with_key(0xa4093822, 0x299f31d0, 0x0370734413198a2e);
  const std::uint64_t high = std::uint64_t{7} << 32;
  // The last ones overflow the lower half of the counter.
  for (const std::uint64_t counter : {std::uint64_t{0}, high + 5, high - 3, high - 1000}) {
    for (const std::int64_t count : {1, 3, 16, 17, 50, 1000}) {
      std::vector<std::uint32_t> many(static_cast<std::size_t>(4 * count + 1), 7u);
      random.fill(counter, count, many.data());
      for (std::int64_t i = 0; i < count; ++i) {
        const Four one = random.at(counter + static_cast<std::uint64_t>(i));
        ASSERT_TRUE(std::equal(one.begin(), one.end(), many.begin() + 4 * i)) << i;
      }
      EXPECT_EQ(many.back(), 7u);
    }
  }
}

TEST(RandomTest, EveryPartOfTheKeyMatters) {
  const std::uint64_t high = std::uint64_t{1} << 32;
  std::set<Four> seen;
  for (const Random& random :
       {Random(1, RandomUse::kDropout), Random(2, RandomUse::kDropout),
        Random(1 + high, RandomUse::kDropout), Random(1, RandomUse::kLineOrder),
        Random(1, RandomUse::kDropout, 1), Random(1, RandomUse::kDropout, high),
        Random(1, RandomUse::kDropout, 0, 2)}) {
    seen.insert(random.at(0));
    seen.insert(random.at(1));
    seen.insert(random.at(high));
  }
  EXPECT_EQ(seen.size(), 21u);
}

TEST(RandomTest, EqualOnRepeatAndInAnyOrder) {
  const Random first(7, RandomUse::kInitialise, 3, 4), second(7, RandomUse::kInitialise, 3, 4);
  std::vector<float> forwards, backwards;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    forwards.push_back(first.uniform(i));
    forwards.push_back(first.normal(i));
  }
  for (std::uint64_t i = 1000; i-- > 0;) {
    backwards.push_back(second.normal(i));
    backwards.push_back(second.uniform(i));
  }
  std::reverse(backwards.begin(), backwards.end());
  EXPECT_EQ(forwards, backwards);
  EXPECT_EQ(first.permutation(1000), second.permutation(1000));
}

// The mean of `power`-th powers and of products of neighbours, over n random numbers.
template <typename Draw>
double moment(std::uint64_t n, int power, Draw draw) {
  double sum = 0;
  for (std::uint64_t i = 0; i < n; ++i) sum += std::pow(static_cast<double>(draw(i)), power);
  return sum / static_cast<double>(n);
}

template <typename Draw>
double lagged_product(std::uint64_t n, std::uint64_t lag, Draw draw) {
  double sum = 0;
  for (std::uint64_t i = 0; i < n; ++i) sum += static_cast<double>(draw(i)) * draw(i + lag);
  return sum / static_cast<double>(n);
}

// With a million numbers the tolerances are five standard errors, sqrt(variance of the power / n).
constexpr std::uint64_t kDraws = 1'000'000;

TEST(RandomTest, UniformMoments) {
  const Random random(11, RandomUse::kDropout, 5);
  float least = 1, greatest = 0;
  for (std::uint64_t i = 0; i < kDraws; ++i) {
    least = std::min(least, random.uniform(i));
    greatest = std::max(greatest, random.uniform(i));
  }
  EXPECT_GE(least, 0.0f);
  EXPECT_LT(least, 1e-4f);
  EXPECT_LT(greatest, 1.0f);
  EXPECT_GT(greatest, 0.9999f);
  const auto centred = [&](std::uint64_t i) { return random.uniform(i) - 0.5f; };
  EXPECT_NEAR(moment(kDraws, 1, centred), 0, 5 * std::sqrt(1.0 / 12 / kDraws));
  EXPECT_NEAR(moment(kDraws, 2, centred), 1.0 / 12, 5 * std::sqrt(1.0 / 180 / kDraws));
  for (std::uint64_t lag = 1; lag <= 4; ++lag) {
    EXPECT_NEAR(lagged_product(kDraws, lag, centred), 0, 5 * std::sqrt(1.0 / 144 / kDraws));
  }
}

TEST(RandomTest, NormalMoments) {
  const Random random(12, RandomUse::kInitialise, 6);
  const auto draw = [&](std::uint64_t i) { return random.normal(i); };
  EXPECT_NEAR(moment(kDraws, 1, draw), 0, 5 * std::sqrt(1.0 / kDraws));
  EXPECT_NEAR(moment(kDraws, 2, draw), 1, 5 * std::sqrt(2.0 / kDraws));
  EXPECT_NEAR(moment(kDraws, 3, draw), 0, 5 * std::sqrt(15.0 / kDraws));
  EXPECT_NEAR(moment(kDraws, 4, draw), 3, 5 * std::sqrt(96.0 / kDraws));
  for (std::uint64_t lag = 1; lag <= 4; ++lag) {
    EXPECT_NEAR(lagged_product(kDraws, lag, draw), 0, 5 * std::sqrt(1.0 / kDraws));
  }
  std::uint64_t beyond = 0;
  for (std::uint64_t i = 0; i < kDraws; ++i) beyond += std::abs(random.normal(i)) > 3.0f;
  EXPECT_NEAR(static_cast<double>(beyond), 2699.8, 5 * std::sqrt(2699.8));
}

TEST(RandomTest, PermutationHoldsEachNumberOnce) {
  const Random random(3, RandomUse::kLineOrder);
  EXPECT_TRUE(random.permutation(0).empty());
  EXPECT_EQ(random.permutation(1), std::vector<std::uint32_t>{0});
  for (const std::uint32_t n : {2u, 3u, 17u, 4096u, 100'000u}) {
    std::vector<std::uint32_t> order = random.permutation(n);
    EXPECT_TRUE(n <= 4 || !std::is_sorted(order.begin(), order.end()));
    std::sort(order.begin(), order.end());
    for (std::uint32_t i = 0; i < n; ++i) ASSERT_EQ(order[i], i);
  }
}

TEST(RandomTest, PermutationsAreEquallyLikely) {
  // 24,000 permutations of four: each of the 24 about 1000 times (standard deviation 31).
  std::vector<int> counts(256);
  for (std::uint64_t a = 0; a < 24'000; ++a) {
    const auto order = Random(5, RandomUse::kLineOrder, a).permutation(4);
    ++counts[order[0] * 64 + order[1] * 16 + order[2] * 4 + order[3]];
  }
  EXPECT_EQ(std::count(counts.begin(), counts.end(), 0), 256 - 24);
  for (const int count : counts) {
    EXPECT_TRUE(count == 0 || std::abs(count - 1000) < 5 * 31) << count;
  }
}

TEST(RandomTest, IndexPermutationsArePermutations) {
  for (const std::uint64_t n : {1, 2, 3, 4, 5, 63, 64, 65, 1000, 4097}) {
    const IndexPermutation permutation(Random(3, RandomUse::kLineOrder, n), n);
    std::vector<std::uint64_t> order;
    for (std::uint64_t i = 0; i < n; ++i) order.push_back(permutation.at(i));
    EXPECT_TRUE(n < 63 || !std::is_sorted(order.begin(), order.end()));
    std::sort(order.begin(), order.end());
    for (std::uint64_t i = 0; i < n; ++i) ASSERT_EQ(order[i], i);
  }
}

TEST(RandomTest, IndexPermutationsHaveNoOrderLeft) {
  // For 10,000 indices: rank correlation with the previous order, and steps of one (two are
  // expected).
  constexpr std::uint64_t kSize = 10'000;
  for (std::uint64_t epoch = 0; epoch < 5; ++epoch) {
    const IndexPermutation permutation(Random(1, RandomUse::kLineOrder, epoch), kSize);
    double products = 0;
    int steps = 0;
    for (std::uint64_t i = 0; i < kSize; ++i) {
      const auto place = static_cast<double>(permutation.at(i));
      products += (static_cast<double>(i) / kSize - 0.5) * (place / kSize - 0.5);
      steps += i > 0 && permutation.at(i) == permutation.at(i - 1) + 1;
    }
    EXPECT_LT(std::abs(12 * products / kSize), 0.05);  // five standard deviations
    EXPECT_LT(steps, 12);
  }
}

TEST(RandomTest, BelowStaysBelow) {
  const Random random(9, RandomUse::kNegativeSample);
  for (const std::uint64_t n : {std::uint64_t{1}, std::uint64_t{3}, (std::uint64_t{1} << 63) - 1}) {
    double sum = 0;
    for (std::uint64_t i = 0; i < 10'000; ++i) {
      ASSERT_LT(random.below(i, n), n);
      sum += static_cast<double>(random.below(i, n)) / static_cast<double>(n);
    }
    const double mean = 0.5 - 0.5 / static_cast<double>(n);
    EXPECT_NEAR(sum / 10'000, mean, 5 * 0.29 / 100);
  }
}

}  // namespace
}  // namespace elmo
