// Sums along a tree, as a whole and in the parts that several processes would compute.
#include "compute/tree_sum.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <vector>

#include "compute/random.h"

namespace elmo {
namespace {

constexpr std::int64_t kSize = 37;

std::vector<float> leaf(int i) {
  const Random random(5, RandomUse::kInitialise, static_cast<std::uint64_t>(i));
  std::vector<float> values(kSize);
  for (std::size_t k = 0; k < values.size(); ++k) values[k] = random.normal(k);
  return values;
}

// The definition: a node is the sum of its left and its right child.
std::vector<float> node(int first, int leaves) {
  if (leaves == 1) return leaf(first);
  const std::vector<float> left = node(first, leaves / 2);
  std::vector<float> sum = node(first + leaves / 2, leaves / 2);
  for (std::size_t k = 0; k < sum.size(); ++k) sum[k] = left[k] + sum[k];
  return sum;
}

TEST(TreeSum, IsLeftPlusRight) {
  for (const int leaves : {1, 2, 4, 8, 64}) {
    std::vector<float> result(kSize), scratch(TreeSum::scratch_size(leaves, kSize));
    const TreeSum sum(result.data(), scratch.data(), kSize);
    for (int i = 0; i < leaves; ++i) {
      std::ranges::copy(leaf(i), sum.leaf(i));
      // In two parts, the second one first.
      sum.close(i, 20, kSize - 20);
      sum.close(i, 0, 20);
    }
    EXPECT_EQ(result, node(0, leaves)) << leaves;
  }
}

// A sum in the order of the leaves has other bits, so the test above can fail.
TEST(TreeSum, IsNotASumFromTheLeft) {
  std::vector<float> sum = leaf(0);
  for (int i = 1; i < 8; ++i) {
    const std::vector<float> next = leaf(i);
    for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += next[k];
  }
  EXPECT_NE(sum, node(0, 8));
}

TEST(StreamGroups, AreAFunctionOfTheBatchAlone) {
  const auto count = [](std::int64_t streams) { return StreamGroups(20, streams).count(); };
  EXPECT_EQ(count(1), 1);
  EXPECT_EQ(count(63), 1);
  EXPECT_EQ(count(64), 2);
  EXPECT_EQ(count(127), 2);
  EXPECT_EQ(count(128), 4);
  EXPECT_EQ(count(500), 8);
  EXPECT_EQ(count(2048), 64);
  EXPECT_EQ(count(100'000), 64);
  const StreamGroups groups(20, 130);
  std::int64_t stream = 0, row = 0;
  for (int group = 0; group < groups.count(); ++group) {
    EXPECT_EQ(groups.streams_of(group).begin, stream);
    EXPECT_EQ(groups.rows_of(group).begin, row);
    stream = groups.streams_of(group).end;
    row = groups.rows_of(group).end;
  }
  EXPECT_EQ(stream, 130);
  EXPECT_EQ(row, groups.rows());
}

TEST(StreamGroups, AreSharedInWholeSubtrees) {
  const StreamGroups batch(2, 257);  // has 8 groups
  const StreamGroups held = batch.held_by(1, 3);
  EXPECT_EQ(held.first_of_batch(), 2);
  EXPECT_EQ(held.count(), 3);
  EXPECT_EQ(held.held_streams().begin, batch.streams_of(2).begin);
  EXPECT_EQ(held.held_streams().end, batch.streams_of(4).end);
  EXPECT_EQ(held.streams_of(0).begin, 0);
  const std::vector<StreamGroups> subtrees = held.subtrees();
  ASSERT_EQ(subtrees.size(), 2);
  EXPECT_EQ(subtrees[0].first(), 0);
  EXPECT_EQ(subtrees[0].count(), 2);
  EXPECT_EQ(subtrees[1].first(), 2);
  EXPECT_EQ(subtrees[1].count(), 1);
  EXPECT_EQ(subtrees[1].rows(), held.rows());
  EXPECT_EQ(subtrees[1].rows_of(0).end, held.rows());
}

}  // namespace
}  // namespace elmo
