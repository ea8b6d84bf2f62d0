#include "lm/perplexity.h"

#include <gtest/gtest.h>

#include <cmath>

namespace elmo {
namespace {

// Two words of three units in total, and the end of the sentence, computed by hand.
TEST(PerplexityResult, CountsUnitsWordsAndCharactersWithTheirEnds) {
  PerplexityResult result;
  SentenceScore score;
  score.log_likelihood = {-2.0, -3.0, -1.0};  // words, then the end
  score.units = 4;
  score.characters = 5 + 2 + 1;
  score.unknown_words = 1;
  result.add(score);
  EXPECT_DOUBLE_EQ(result.nll, 6);
  EXPECT_EQ(result.words, 2u);
  EXPECT_EQ(result.sentences, 1u);
  EXPECT_DOUBLE_EQ(result.perplexity_unit(), std::exp(6.0 / 4));
  EXPECT_DOUBLE_EQ(result.perplexity_word(), std::exp(6.0 / 3));
  EXPECT_DOUBLE_EQ(result.bits_per_character(), 6.0 / std::log(2.0) / 8);
  EXPECT_DOUBLE_EQ(result.unknown_rate(), 0.5);
  result.add(score);
  EXPECT_DOUBLE_EQ(result.perplexity_unit(), std::exp(6.0 / 4));
  EXPECT_EQ(result.units, 8u);
}

TEST(PerplexityResult, OfNothingIsNoDivisionByZero) {
  const PerplexityResult nothing;
  EXPECT_EQ(nothing.perplexity_unit(), 1);
  EXPECT_EQ(nothing.perplexity_word(), 1);
  EXPECT_EQ(nothing.bits_per_character(), 0);
  EXPECT_EQ(nothing.unknown_rate(), 0);
}

}  // namespace
}  // namespace elmo
