// The sampled softmax against plain sums in double, and its expectation against the full softmax.
#include "nn/sampled_softmax.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "nn/optimizer.h"

namespace elmo {
namespace {

constexpr std::int64_t kOutcomes = 1900, kWidth = 24, kCount = 300;
const StreamGroups kGroups(4, 75);       // has two groups
constexpr std::int64_t kSamples = 1100;  // more than one block

void fill(SoftmaxLayer& layer) {
  const Random random(3, RandomUse::kInitialise);
  std::uint64_t n = 0;
  layer.for_each_parameter([&](Parameter& parameter) {
    for (auto& value : parameter.value.span()) value = 0.4f * random.normal(n++);
    parameter.allocate_gradient();
  });
}

TEST(SampledSoftmax, LossesAndGradientsAgreeWithDouble) {
  SoftmaxLayer layer("softmax", kOutcomes, kWidth);
  fill(layer);
  const Random random(4, RandomUse::kInitialise);
  std::vector<float> x(kCount * kWidth), d_x(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = random.normal(i);
  std::vector<std::int32_t> targets(kCount);
  for (std::size_t i = 0; i < kCount; ++i) {
    targets[i] = static_cast<std::int32_t>(random.below(i, i % 2 == 0 ? 20 : kOutcomes));
  }
  targets[17] = -1;
  constexpr double kScale = 0.125;
  std::vector<float> first;
  for (const int threads : {1, 2, 3}) {
    Workers workers(threads);
    SampledSoftmax sampled(layer, kSamples, Precision::kF32);
    // The first step has other samples, whose gradients must be cleared.
    for (const std::uint64_t step : {8, 9}) {
      const LogUniformSample sample(kOutcomes, kSamples,
                                    Random(1, RandomUse::kNegativeSample, step));
      std::vector<double> losses(kCount);
      sampled.losses_and_gradients(x.data(), targets.data(), kGroups, static_cast<float>(kScale),
                                   sample, losses.data(), d_x.data(), workers);
      if (step == 8) continue;

      std::vector<double> d_w(kOutcomes * kWidth), d_b(kOutcomes), d_in(x.size());
      std::set<std::int32_t> touched(sample.chosen.begin(), sample.chosen.end());
      int hits = 0;
      for (std::size_t i = 0; i < kCount; ++i) {
        if (targets[i] < 0) {
          EXPECT_EQ(losses[i], 0.0);
          continue;
        }
        touched.insert(targets[i]);
        std::vector<std::int32_t> columns = {targets[i]};
        for (const std::int32_t one : sample.chosen) {
          if (one == targets[i]) ++hits;
          if (one != targets[i]) columns.push_back(one);
        }
        std::vector<double> logits;
        double sum = 0;
        for (const std::int32_t column : columns) {
          const auto v = static_cast<std::size_t>(column);
          double logit = layer.bias.value[v] - sample.log_expected(column);
          for (std::size_t k = 0; k < kWidth; ++k) {
            logit += static_cast<double>(layer.weights.value[v * kWidth + k]) * x[i * kWidth + k];
          }
          logits.push_back(logit);
          sum += std::exp(logit);
        }
        EXPECT_NEAR(losses[i], std::log(sum) - logits[0], 2e-5) << i;
        for (std::size_t c = 0; c < columns.size(); ++c) {
          const auto v = static_cast<std::size_t>(columns[c]);
          const double g = kScale * (std::exp(logits[c]) / sum - (c == 0 ? 1 : 0));
          d_b[v] += g;
          for (std::size_t k = 0; k < kWidth; ++k) {
            d_w[v * kWidth + k] += g * x[i * kWidth + k];
            d_in[i * kWidth + k] += g * layer.weights.value[v * kWidth + k];
          }
        }
      }
      EXPECT_GT(hits, 0) << "no accidental hit, so leaving them out is not tested";
      for (std::size_t i = 0; i < d_in.size(); ++i) EXPECT_NEAR(d_x[i], d_in[i], 2e-5);
      for (std::size_t i = 0; i < d_b.size(); ++i) {
        EXPECT_NEAR(layer.bias.gradient[i], d_b[i], 2e-5) << i;
      }
      for (std::size_t i = 0; i < d_w.size(); ++i) {
        EXPECT_NEAR(layer.weights.gradient[i], d_w[i], 2e-5) << i;
      }
      EXPECT_EQ(layer.weights.touched, std::vector(touched.begin(), touched.end()));
    }
    const auto gradient = layer.weights.gradient.span();
    if (first.empty()) first.assign(gradient.begin(), gradient.end());
    EXPECT_TRUE(std::ranges::equal(first, gradient)) << threads << " threads";
  }
}

// If each sample is weighted by its expected count, the sum over the samples equals that over all
// outcomes on average.
TEST(SampledSoftmax, SumsToTheFullSoftmaxOnAverage) {
  std::vector<double> weights(kOutcomes);
  const Random random(5, RandomUse::kInitialise);
  double all = 0;
  for (std::size_t v = 0; v < weights.size(); ++v) all += weights[v] = std::exp(random.normal(v));
  double mean = 0;
  constexpr int kDraws = 2000;
  for (int draw = 0; draw < kDraws; ++draw) {
    const LogUniformSample sample(
        kOutcomes, kSamples,
        Random(1, RandomUse::kNegativeSample, static_cast<std::uint64_t>(draw)));
    EXPECT_EQ(std::set(sample.chosen.begin(), sample.chosen.end()).size(), kSamples);
    for (const std::int32_t outcome : sample.chosen) {
      mean += weights[static_cast<std::size_t>(outcome)] / std::exp(sample.log_expected(outcome)) /
              kDraws;
    }
  }
  EXPECT_NEAR(mean / all, 1.0, 0.02);
}

// Rows without gradients keep their values with every optimiser.
TEST(SampledSoftmax, UpdatesTouchedRowsAlone) {
  for (const auto kind : {OptimizerKind::kAdagrad, OptimizerKind::kAdam}) {
    Parameter parameter("rows", {4, 3});
    parameter.allocate_gradient();
    std::ranges::fill(parameter.gradient.span(), 0.5f);
    parameter.sparse = true;
    parameter.touched = {1, 3};
    Workers workers(1);
    Optimizer optimizer(kind, {&parameter});
    EXPECT_NEAR(optimizer.squares(workers), 6 * 0.25, 1e-6);
    optimizer.update(0.1, 0, workers);
    for (std::size_t i = 0; i < 12; ++i) {
      EXPECT_EQ(parameter.value[i] != 0, i / 3 == 1 || i / 3 == 3) << i;
    }
  }
}

}  // namespace
}  // namespace elmo
