#include "task/batches.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

namespace elmo::task {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::Le;

// Examples with `lengths[i]` words; labels a and b alternate.
Data data_of(const std::vector<std::size_t>& lengths) {
  DataSet set;
  for (const std::size_t length : lengths) {
    set.examples.push_back({.words = std::vector<std::string>(length, "w"),
                            .labels = {set.examples.size() % 2 == 0 ? "a" : "b"}});
  }
  const LabelSet labels({"a", "b"});
  return {set, nullptr, labels, {}};
}

std::vector<std::size_t> lengths_of(std::size_t count) {
  std::vector<std::size_t> lengths;
  for (std::size_t i = 0; i < count; ++i) lengths.push_back(i * 7919 % 31);
  return lengths;
}

TEST(Batches, HoldEveryExampleOnce) {
  for (const std::size_t count : {1u, 7u, 8u, 500u, 1'003u}) {
    const Data data = data_of(lengths_of(count));
    std::vector<std::uint32_t> all;
    for (const auto& batch : make_batches(data, 3, 2, 8)) {
      EXPECT_FALSE(batch.empty());
      EXPECT_LE(batch.size(), 8u);
      all.insert(all.end(), batch.begin(), batch.end());
    }
    std::ranges::sort(all);
    std::vector<std::uint32_t> expected(count);
    std::iota(expected.begin(), expected.end(), 0u);
    EXPECT_EQ(all, expected);
  }
}

TEST(Batches, HoldTextsOfLikeLength) {
  const Data data = data_of(lengths_of(400));  // one sorted window of 50 batches
  std::vector<std::int64_t> spread;
  for (const auto& batch : make_batches(data, 1, 0, 8)) {
    std::int64_t least = 1'000, most = 0;
    for (const std::uint32_t example : batch) {
      least = std::min(least, data.length(example));
      most = std::max(most, data.length(example));
    }
    spread.push_back(most - least);
  }
  EXPECT_THAT(spread, Each(Le(2)));
}

TEST(Batches, DependOnSeedAndEpochAlone) {
  const Data data = data_of(lengths_of(100));
  const auto first = make_batches(data, 1, 0, 8);
  EXPECT_EQ(first, make_batches(data, 1, 0, 8));
  EXPECT_NE(first, make_batches(data, 1, 1, 8));
  EXPECT_NE(first, make_batches(data, 2, 0, 8));
}

TEST(BalancedWeights, GiveEachClassTheSameSum) {
  DataSet set;
  for (const char* const label : {"a", "a", "a", "b", "c", "c"}) {
    set.examples.push_back({.words = {"w"}, .labels = {label}});
  }
  const LabelSet labels = LabelSet::of(set);
  EXPECT_THAT(balanced_weights(labels, set),
              ElementsAre(6.0f / 9.0f, 2.0f, 1.0f));  // times 3, 1 and 2 examples gives 2 each
}

}  // namespace
}  // namespace elmo::task
