// The likelihood of a sentence does not depend on the others.

#include "lm/text_scorer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "lm/perplexity.h"
#include "tests/lm/lm_support.h"
#include "tests/support/files.h"

namespace elmo {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

class TextScorerTest : public testing::TestWithParam<Direction> {
 protected:
  TextScorerTest() : workers_(2) {
    ModelSettings settings;
    settings.direction = GetParam();
    settings.layers = 2;
    settings.hidden = 16;
    settings.projection = 8;
    model_ = std::make_unique<LanguageModel>(settings, vocabulary_of(30));
    model_->initialise(5);
    model_->prepare(Precision::kF32, false);
    model_->pack(workers_);
  }

  // Words for which the vocabulary has a piece.
  static std::string line_of(int words, int seed) {
    std::string line;
    for (int i = 0; i < words; ++i) {
      const int piece = 3 + (i * i + seed * 7 + i / 3) % 27;
      line += std::string(i > 0 ? " " : "") + character(piece);
    }
    return line;
  }

  std::vector<SentenceScore> score(const std::vector<TextLine>& lines, Workers& workers) {
    std::vector<SentenceScore> scores;
    TextScorer(*model_, Precision::kF32, workers).score(lines, scores, [&] { ++windows_; });
    return scores;
  }

  Workers workers_;
  std::unique_ptr<LanguageModel> model_;
  int windows_ = 0;
  TemporaryFolder folder_;
};

TEST_P(TextScorerTest, ASentenceHasTheSameBitsInAnyCompany) {
  std::vector<TextLine> lines;
  for (int i = 0; i < 150; ++i) {
    lines.push_back({static_cast<std::uint64_t>(i + 1), line_of(1 + (i * 13) % 40, i)});
  }
  lines[70].text = line_of(500, 3);
  const std::vector<SentenceScore> together = score(lines, workers_);
  Workers three(3);
  const std::vector<SentenceScore> by_three = score(lines, three);
  for (std::size_t i = 0; i < lines.size(); i += 7) {
    const std::vector<SentenceScore> alone = score({lines[i]}, workers_);
    ASSERT_THAT(alone, SizeIs(1));
    EXPECT_EQ(alone[0].log_likelihood, together[i].log_likelihood) << i;
    EXPECT_EQ(by_three[i].log_likelihood, together[i].log_likelihood) << i;
    EXPECT_EQ(alone[0].log_likelihood.size(),
              static_cast<std::size_t>(i == 70 ? 500 : 1 + (i * 13) % 40) + 1);
  }
}

TEST_P(TextScorerTest, WorkIsInProportionToTheUnits) {
  EXPECT_EQ(TextScorer::streams_for(16'000, 40), 64);
  EXPECT_EQ(TextScorer::streams_for(16'000, 700), 16);
  EXPECT_EQ(TextScorer::streams_for(16'000, 2'000), 4);
  EXPECT_EQ(TextScorer::streams_for(8'000, 8'000), 1);
  EXPECT_EQ(TextScorer::streams_for(2, 2), 1);
  const auto scores = score({{1, line_of(3'000, 1)}}, workers_);
  EXPECT_EQ(windows_, static_cast<int>((scores[0].units + 79) / 80));
}

TEST_P(TextScorerTest, PerplexityIsTheSumOfTheScores) {
  const std::string path = (folder_ / "text").string();
  put(path, line_of(5, 1) + "\n\n \t \n" + line_of(9, 2) + "\r\n" + line_of(1, 3));
  const PerplexityResult result =
      measure_perplexity(*model_, Precision::kF32, path, InvalidText::kRefuse, workers_);
  EXPECT_EQ(result.sentences, 3u);
  EXPECT_EQ(result.words, 15u);
  LineReader reader(path);
  std::vector<TextLine> lines;
  ASSERT_TRUE(read_lines(reader, lines));
  ASSERT_THAT(lines, SizeIs(3));
  EXPECT_EQ(lines[1].number, 4u);
  double sum = 0;
  for (const SentenceScore& score : score(lines, workers_)) {
    for (const double value : score.log_likelihood) sum += value;
  }
  EXPECT_NEAR(result.perplexity_word(), std::exp(-sum / 18), 1e-9 * result.perplexity_word());
  EXPECT_FALSE(read_lines(reader, lines));
  put(path, "\n  \n");
  EXPECT_THAT(error_of([&] {
                measure_perplexity(*model_, Precision::kF32, path, InvalidText::kRefuse, workers_);
              }),
              HasSubstr("holds no line with a word in it"));
}

INSTANTIATE_TEST_SUITE_P(Directions, TextScorerTest,
                         testing::Values(Direction::kForward, Direction::kBackward));

}  // namespace
}  // namespace elmo
