// Scores, intervals, entities and significance tests against values computed elsewhere.
#include "task/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace elmo::task {
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
  // Computed from the formula in Python.
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
  // F1 is 0.8 for a, 0.5 for b and 0 for c; "never" is neither true nor predicted.
  EXPECT_DOUBLE_EQ(confusion.macro_f1(), (0.8 + 0.5) / 3);
  EXPECT_EQ(confusion.json()["counts"][0], (std::vector<int>{2, 1, 0, 0}));
  EXPECT_THAT(confusion.text(2), testing::HasSubstr("2 rarer classes are left out"));
}

// The entities that conlleval.pl reports for these lines.
TEST(Entities, AreConllevals) {
  EXPECT_EQ(entities({"O", "B-PER", "I-PER", "O"}), "1-3PER ");
  EXPECT_EQ(entities({"I-PER", "I-PER"}), "0-2PER ");         // IOB1
  EXPECT_EQ(entities({"B-PER", "B-PER"}), "0-1PER 1-2PER ");  // adjacent
  EXPECT_EQ(entities({"I-PER", "B-PER"}), "0-1PER 1-2PER ");  // IOB1, adjacent
  EXPECT_EQ(entities({"B-PER", "I-LOC"}), "0-1PER 1-2LOC ");  // the type changes
  EXPECT_EQ(entities({"I-PER", "I-LOC"}), "0-1PER 1-2LOC ");
  EXPECT_EQ(entities({"B-PER", "O", "I-PER"}), "0-1PER 2-3PER ");  // a gap
  EXPECT_EQ(entities({"B-a-b", "I-a-b"}), "0-2a-b ");              // the first dash separates
  EXPECT_EQ(entities({"B-X", "E-X", "I-X"}), "0-2X 2-3X ");
  EXPECT_EQ(entities({"S-X", "S-X"}), "0-1X 1-2X ");
  EXPECT_EQ(entities({"B-X", "I-X"}), "0-2X ");  // at the end of the sentence
  EXPECT_EQ(entities({}), "");
  EXPECT_EQ(entities({"O", "O"}), "");
}

// conlleval's rules, applied by hand: an entity begins at B, and at I after O or after another
// type. It ends before B, before O and before another type. It is correct if its begin, end and
// type are right.
TEST(Entities, AreCountedAsConllevalCounts) {
  struct Case {
    Tags actual, predicted;
    std::int64_t correct, of_predicted, of_actual;
  };
  const Case cases[] = {
      {{"B-A", "I-A", "O"}, {"I-A", "I-A", "O"}, 1, 1, 1},      // I- begins an entity as B- does
      {{"B-A", "I-A"}, {"B-A", "B-A"}, 0, 2, 1},                // split in two
      {{"B-A", "B-A"}, {"B-A", "I-A"}, 0, 1, 2},                // two merged into one
      {{"B-A", "I-B"}, {"B-A", "B-B"}, 2, 2, 2},                // another type begins a new one
      {{"B-A", "I-A", "B-B"}, {"I-A", "I-A", "I-B"}, 2, 2, 2},  // the same in other tags
      {{"B-A", "I-A", "I-A"}, {"B-A", "I-B", "I-A"}, 0, 3, 1},  // a wrong type in the middle
      {{"O", "B-A", "I-A"}, {"I-A", "I-A", "I-A"}, 0, 1, 1},    // one word too many before it
      {{"B-A", "I-A", "O"}, {"B-A", "I-A", "I-A"}, 0, 1, 1},    // and after it
      {{"B-A", "I-A", "I-A"}, {"B-A", "I-A", "O"}, 0, 1, 1},    // one word too few
      {{"B-A", "O", "I-A"}, {"B-A", "I-A", "I-A"}, 0, 1, 2},    // a gap filled
      {{"I-A", "B-A", "I-A"}, {"B-A", "B-A", "I-A"}, 2, 2, 2},  // IOB1 and IOB2
      {{"B-A", "I-A"}, {"B-B", "I-B"}, 0, 1, 1},                // right bounds, wrong type
      {{"B-A", "I-A"}, {"B-A", "I-B"}, 0, 2, 1},                // the type is right at first only
      {{"O", "O"}, {"B-A", "O"}, 0, 1, 0},                      // a false positive
      {{"B-A", "O"}, {"O", "O"}, 0, 0, 1},                      // a false negative
      {{"B-A", "B-A", "O", "B-B"}, {"B-A", "O", "O", "B-B"}, 2, 2, 3},
  };
  EntityScores all;
  Score sum;
  for (const Case& c : cases) {
    EntityScores scores;
    scores.add(c.actual, c.predicted);
    const auto shown = testing::PrintToString(c.actual) + testing::PrintToString(c.predicted);
    EXPECT_EQ(scores.total().correct, c.correct) << shown;
    EXPECT_EQ(scores.total().predicted, c.of_predicted) << shown;
    EXPECT_EQ(scores.total().actual, c.of_actual) << shown;
    all.add(c.actual, c.predicted);
    sum.correct += c.correct;
    sum.predicted += c.of_predicted;
    sum.actual += c.of_actual;
  }
  // Entities of different sentences must not be joined.
  EXPECT_EQ(all.total().correct, sum.correct);
  EXPECT_DOUBLE_EQ(all.total().f1(), 2.0 * static_cast<double>(sum.correct) /
                                         static_cast<double>(sum.predicted + sum.actual));
  EXPECT_DOUBLE_EQ(Score{}.precision(), 0);
  EXPECT_DOUBLE_EQ(Score{}.f1(), 0);
}

TEST(Entities, NeedBoundsAndType) {
  EntityScores scores;
  scores.add(Tags{"B-PER", "I-PER", "O", "B-LOC"}, Tags{"B-PER", "O", "O", "B-LOC"});
  scores.add(Tags{"B-PER", "O"}, Tags{"B-LOC", "O"});
  // The end of a sentence ends an entity.
  scores.add(Tags{"I-PER"}, Tags{"B-PER"});
  EXPECT_EQ(scores.total().correct, 2);
  EXPECT_EQ(scores.total().predicted, 4);
  EXPECT_EQ(scores.total().actual, 4);
  ASSERT_EQ(scores.types().size(), 2u);
  EXPECT_EQ(scores.types()[0].first, "LOC");
  EXPECT_DOUBLE_EQ(scores.types()[0].second.precision(), 0.5);
  EXPECT_DOUBLE_EQ(scores.types()[1].second.recall(), 1.0 / 3);
}

TEST(McNemarTest, CountsWhatOnlyOneGotRight) {
  const std::vector<std::uint8_t> first = {1, 1, 1, 0, 0, 1}, second = {1, 0, 0, 1, 0, 1};
  const McNemar test = compare_systems(first, second);
  EXPECT_EQ(test.only_first, 2);
  EXPECT_EQ(test.only_second, 1);
}

TEST(McNemarTest, IsExact) {
  // scipy.stats.binomtest(5, 20).pvalue
  EXPECT_NEAR((McNemar{5, 15}).p_value(), 0.0413894653320312, 1e-12);
  EXPECT_NEAR((McNemar{15, 5}).p_value(), 0.0413894653320312, 1e-12);
  EXPECT_DOUBLE_EQ((McNemar{3, 3}).p_value(), 1);
  EXPECT_DOUBLE_EQ((McNemar{0, 0}).p_value(), 1);
}

}  // namespace
}  // namespace elmo::task
