// The CRF against an explicit sum over all sequences, and finite differences.
#include "nn/crf.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "elmo/error.h"
#include "tests/nn/nn_support.h"

namespace elmo {
namespace {

const std::vector<std::string> kTags = {"O", "B-PER", "I-PER", "B-LOC", "I-LOC"};
constexpr std::int64_t kCount = 5;

double score_of(const CrfLayer& layer, const float* scores, const std::vector<std::int32_t>& tags) {
  double score = layer.start.value[static_cast<std::size_t>(tags.front())] +
                 static_cast<double>(layer.end.value[static_cast<std::size_t>(tags.back())]);
  for (std::size_t t = 0; t < tags.size(); ++t) {
    score += scores[static_cast<std::int64_t>(t) * kCount + tags[t]];
    if (t > 0) score += layer.transitions.value.data()[tags[t - 1] * kCount + tags[t]];
  }
  return score;
}

// All sequences of `length` tags that the rules allow.
std::vector<std::vector<std::int32_t>> sequences(const CrfRules& rules, std::int64_t length) {
  std::vector<std::vector<std::int32_t>> result = {{}};
  for (std::int64_t t = 0; t < length; ++t) {
    std::vector<std::vector<std::int32_t>> longer;
    for (const auto& begun : result) {
      for (std::int32_t tag = 0; tag < kCount; ++tag) {
        longer.push_back(begun);
        longer.back().push_back(tag);
        if (!rules.allow(longer.back())) longer.pop_back();
      }
    }
    result = longer;
  }
  return result;
}

class Crf : public testing::TestWithParam<bool> {
 protected:
  Crf()
      : layer_("crf", GetParam() ? CrfRules::bio(kTags) : CrfRules::anything(kCount)), numbers_(3) {
    numbers_.fill(layer_, 0.8f);
    scores_ = numbers_.normals(texts_.rows() * kCount);
  }
  const Ragged texts_ = ragged({4, 1, 0, 5});
  const std::vector<std::int32_t> tags_ = {0, 1, 2, 3, 0, 1, 2, 2, 0, 3};
  CrfLayer layer_;
  Numbers numbers_;
  std::vector<float> scores_;
  Workers workers_{2};
};

TEST_P(Crf, AgreesWithTheSumOverAllSequences) {
  std::vector<double> losses(4);
  layer_.losses(texts_, scores_.data(), tags_.data(), 1, losses.data(), nullptr, workers_);
  std::vector<std::int32_t> decoded(tags_.size());
  layer_.decode(texts_, scores_.data(), decoded.data(), workers_);
  std::vector<float> marginals(scores_.size());
  layer_.marginals(texts_, scores_.data(), marginals.data(), workers_);
  EXPECT_EQ(losses[2], 0);
  for (const std::int64_t i : {0, 1, 3}) {
    const std::int64_t length = texts_.length(i);
    const float* scores = scores_.data() + texts_.begin(i) * kCount;
    double total = 0, best_score = -1e9;
    std::vector<std::int32_t> best;
    std::vector<double> expected(static_cast<std::size_t>(length * kCount));
    for (const auto& sequence : sequences(layer_.rules(), length)) {
      const double score = score_of(layer_, scores, sequence);
      total += std::exp(score);
      for (std::size_t t = 0; t < sequence.size(); ++t) {
        expected[t * kCount + static_cast<std::size_t>(sequence[t])] += std::exp(score);
      }
      if (score <= best_score) continue;
      best_score = score;
      best = sequence;
    }
    const auto at = [&](const std::vector<std::int32_t>& of) {
      return std::vector<std::int32_t>(of.begin() + texts_.begin(i), of.begin() + texts_.end(i));
    };
    EXPECT_NEAR(losses[static_cast<std::size_t>(i)],
                std::log(total) - score_of(layer_, scores, at(tags_)), 1e-9);
    EXPECT_EQ(at(decoded), best);
    for (std::size_t j = 0; j < expected.size(); ++j) {
      EXPECT_NEAR(marginals[static_cast<std::size_t>(texts_.begin(i) * kCount) + j],
                  expected[j] / total, 1e-6);
    }
  }
}

TEST_P(Crf, GradientsAgreeWithFiniteDifferences) {
  constexpr float kScale = 0.5f;
  std::vector<double> losses(4);
  std::vector<float> d_scores(scores_.size());
  layer_.losses(texts_, scores_.data(), tags_.data(), kScale, losses.data(), d_scores.data(),
                workers_);
  const auto loss = [&] {
    layer_.losses(texts_, scores_.data(), tags_.data(), kScale, losses.data(), nullptr, workers_);
    return kScale * (losses[0] + losses[1] + losses[3]);
  };
  layer_.for_each_parameter([&](Parameter& parameter) {
    expect_gradient(parameter.value.span(), parameter.gradient.span(), loss, parameter.name, 1e-4);
  });
  expect_gradient(scores_, d_scores, loss, "scores", 1e-4);
}

TEST_P(Crf, TheBitsOfTheGradientDoNotDependOnThreads) {
  std::vector<std::vector<float>> gradients;
  for (const int threads : {1, 2, 3}) {
    Workers workers(threads);
    std::vector<double> losses(4);
    std::vector<float> gradient(scores_.size());
    layer_.for_each_parameter([](Parameter& parameter) { parameter.gradient.zero(); });
    layer_.losses(texts_, scores_.data(), tags_.data(), 1, losses.data(), gradient.data(), workers);
    layer_.for_each_parameter([&](Parameter& parameter) {
      gradient.insert(gradient.end(), parameter.gradient.data(),
                      parameter.gradient.data() + parameter.gradient.size());
    });
    gradients.push_back(gradient);
  }
  EXPECT_EQ(gradients[0], gradients[1]);
  EXPECT_EQ(gradients[0], gradients[2]);
}

INSTANTIATE_TEST_SUITE_P(Rules, Crf, testing::Bool(), [](const testing::TestParamInfo<bool>& of) {
  return std::string(of.param ? "bio" : "anything");
});

TEST(CrfRules, BioForbidsAnInsideThatNothingBegan) {
  const CrfRules rules = CrfRules::bio(kTags);
  using Tags = std::vector<std::int32_t>;
  EXPECT_TRUE(rules.allow(Tags{1, 2, 2, 3, 4, 0}));
  EXPECT_TRUE(rules.allow(Tags{}));
  EXPECT_FALSE(rules.allow(Tags{2}));
  EXPECT_FALSE(rules.allow(Tags{0, 2}));
  EXPECT_FALSE(rules.allow(Tags{1, 4}));
}

// A forbidden transition is never decoded, whatever the scores, and gold tags that contain one are
// refused.
TEST(CrfRules, NoForbiddenMoveIsDecoded) {
  CrfLayer layer("crf", CrfRules::bio(kTags));
  const std::vector<float> scores = {0, 0, 9, 0, 0, 0, 0, 0, 0, 9};  // I-PER I-LOC
  const Ragged texts = ragged({2});
  std::vector<std::int32_t> tags(2);
  Workers workers(1);
  layer.decode(texts, scores.data(), tags.data(), workers);
  EXPECT_EQ(tags, (std::vector<std::int32_t>{3, 4}));
  double loss = 0;
  tags = {2, 4};
  EXPECT_THROW(layer.losses(texts, scores.data(), tags.data(), 1, &loss, nullptr, workers), Error);
}

}  // namespace
}  // namespace elmo
