// Shares, intervals, entities and tests of difference against numbers worked out elsewhere.
#include "task/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace elmo {
namespace {

using Tags = std::vector<std::string>;

std::string entities(const Tags& tags) {
  std::string text;
  for (const Entity& entity : find_entities(tags)) {
    text += std::to_string(entity.begin) + "-" + std::to_string(entity.end) + entity.type + " ";
  }
  return text;
}

TEST(Wilson, MatchesTheFormula) {
  // From the formula by hand, in Python.
  EXPECT_NEAR(wilson_interval(8, 10).low, 0.490162471532, 1e-9);
  EXPECT_NEAR(wilson_interval(8, 10).high, 0.943317848546, 1e-9);
  EXPECT_DOUBLE_EQ(wilson_interval(0, 10).low, 0);
  EXPECT_DOUBLE_EQ(wilson_interval(10, 10).high, 1);
  EXPECT_EQ(wilson_interval(0, 0).high, 1);
}

TEST(Confusion, CountsByClass) {
  Confusion confusion({"a", "b", "c", "never"});
  const std::vector<std::pair<int, int>> pairs = {{0, 0}, {0, 0}, {0, 1}, {1, 1}, {2, 1}};
  for (const auto& [actual, predicted] : pairs) confusion.add(actual, predicted);
  EXPECT_DOUBLE_EQ(confusion.accuracy(), 0.6);
  EXPECT_DOUBLE_EQ(confusion.micro_f1(), 0.6);
  EXPECT_DOUBLE_EQ(confusion.score(1).precision(), 1.0 / 3);
  EXPECT_DOUBLE_EQ(confusion.score(1).recall(), 1);
  EXPECT_DOUBLE_EQ(confusion.score(1).f1(), 0.5);
  EXPECT_DOUBLE_EQ(confusion.score(2).precision(), 0);
  // a 0.8, b 0.5, c 0; "never" is neither true nor predicted.
  EXPECT_DOUBLE_EQ(confusion.macro_f1(), (0.8 + 0.5) / 3);
  EXPECT_EQ(confusion.json()["counts"][0], (std::vector<int>{2, 1, 0, 0}));
  EXPECT_THAT(confusion.text(2), testing::HasSubstr("2 rarer classes are left out"));
}

// What conlleval.pl reports for these lines.
TEST(Entities, AreConllevals) {
  EXPECT_EQ(entities({"O", "B-PER", "I-PER", "O"}), "1-3PER ");
  EXPECT_EQ(entities({"I-PER", "I-PER"}), "0-2PER ");         // IOB1
  EXPECT_EQ(entities({"B-PER", "B-PER"}), "0-1PER 1-2PER ");  // side by side
  EXPECT_EQ(entities({"I-PER", "B-PER"}), "0-1PER 1-2PER ");  // IOB1, side by side
  EXPECT_EQ(entities({"B-PER", "I-LOC"}), "0-1PER 1-2LOC ");  // the type changes
  EXPECT_EQ(entities({"I-PER", "I-LOC"}), "0-1PER 1-2LOC ");
  EXPECT_EQ(entities({"B-PER", "O", "I-PER"}), "0-1PER 2-3PER ");  // a gap
  EXPECT_EQ(entities({"B-a-b", "I-a-b"}), "0-2a-b ");              // the first dash divides
  EXPECT_EQ(entities({"B-X", "E-X", "I-X"}), "0-2X 2-3X ");
  EXPECT_EQ(entities({"S-X", "S-X"}), "0-1X 1-2X ");
  EXPECT_EQ(entities({"B-X", "I-X"}), "0-2X ");  // at the end
  EXPECT_EQ(entities({}), "");
  EXPECT_EQ(entities({"O", "O"}), "");
}

TEST(Entities, NeedBoundsAndType) {
  EntityScores scores;
  scores.add(Tags{"B-PER", "I-PER", "O", "B-LOC"}, Tags{"B-PER", "O", "O", "B-LOC"});
  scores.add(Tags{"B-PER", "O"}, Tags{"B-LOC", "O"});
  // A sentence's end ends an entity.
  scores.add(Tags{"I-PER"}, Tags{"B-PER"});
  EXPECT_EQ(scores.total().correct, 2);
  EXPECT_EQ(scores.total().predicted, 4);
  EXPECT_EQ(scores.total().actual, 4);
  ASSERT_EQ(scores.types().size(), 2u);
  EXPECT_EQ(scores.types()[0].first, "LOC");
  EXPECT_DOUBLE_EQ(scores.types()[0].second.precision(), 0.5);
  EXPECT_DOUBLE_EQ(scores.types()[1].second.recall(), 1.0 / 3);
}

TEST(McNemarTest, IsExact) {
  // scipy.stats.binomtest(5, 20).pvalue
  EXPECT_NEAR((McNemar{5, 15}).p_value(), 0.0413894653320312, 1e-12);
  EXPECT_NEAR((McNemar{15, 5}).p_value(), 0.0413894653320312, 1e-12);
  EXPECT_DOUBLE_EQ((McNemar{3, 3}).p_value(), 1);
  EXPECT_DOUBLE_EQ((McNemar{0, 0}).p_value(), 1);
}

}  // namespace
}  // namespace elmo
