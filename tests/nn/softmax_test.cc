// The softmax layer against the same sums in double.
#include "nn/softmax.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "compute/random.h"

namespace elmo {
namespace {

// The parameter is the number of outcomes: around the sizes of the blocks that are processed.
class Softmax : public testing::TestWithParam<std::int64_t> {};

TEST_P(Softmax, LossesAndGradientsAgreeWithDouble) {
  // Two groups of 160 and 165 rows, more than one chunk each.
  constexpr std::int64_t kWidth = 24, kSteps = 5, kStreams = 65, kCount = kSteps * kStreams;
  const StreamGroups groups(kSteps, kStreams);
  ASSERT_EQ(groups.count(), 2);
  const auto kRows = static_cast<std::size_t>(GetParam());
  SoftmaxLayer layer("softmax", GetParam(), kWidth);
  const Random random(3, RandomUse::kInitialise);
  std::uint64_t n = 0;
  layer.for_each_parameter([&](Parameter& parameter) {
    for (auto& value : parameter.value.span()) value = 0.4f * random.normal(n++);
    parameter.allocate_gradient();
  });
  std::vector<float> x(kCount * kWidth), d_x(x.size());
  for (auto& value : x) value = random.normal(n++);
  std::vector<std::int32_t> targets(kCount);
  for (auto& target : targets)
    target = static_cast<std::int32_t>(random.below(n++, static_cast<std::uint32_t>(kRows)));
  targets[17] = -1;
  layer.prepare(Precision::kF32, true);
  for (int part = 0; part < SoftmaxLayer::kPackParts; ++part) layer.pack(part, layer.weights);

  std::vector<double> d_w(kRows * kWidth), d_b(kRows), d_in(x.size()), losses(kCount);
  constexpr double kScale = 0.125;
  for (std::size_t i = 0; i < kCount; ++i) {
    if (targets[i] < 0) continue;
    std::vector<double> logit(kRows);
    double sum = 0;
    for (std::size_t v = 0; v < kRows; ++v) {
      logit[v] = layer.bias.value[v];
      for (std::size_t k = 0; k < kWidth; ++k) {
        logit[v] += static_cast<double>(layer.weights.value[v * kWidth + k]) * x[i * kWidth + k];
      }
      sum += std::exp(logit[v]);
    }
    const auto target = static_cast<std::size_t>(targets[i]);
    losses[i] = std::log(sum) - logit[target];
    for (std::size_t v = 0; v < kRows; ++v) {
      const double g = kScale * (std::exp(logit[v]) / sum - (v == target ? 1 : 0));
      d_b[v] += g;
      for (std::size_t k = 0; k < kWidth; ++k) {
        d_w[v * kWidth + k] += g * x[i * kWidth + k];
        d_in[i * kWidth + k] += g * layer.weights.value[v * kWidth + k];
      }
    }
  }
  std::vector<float> first;
  for (const int threads : {1, 2, 3}) {
    Workers workers(threads);
    std::vector<double> got(kCount), only(kCount);
    layer.losses_and_gradients(x.data(), targets.data(), groups, static_cast<float>(kScale),
                               layer.weights, got.data(), d_x.data(), workers);
    layer.losses(x.data(), targets.data(), groups, only.data(), workers);
    for (std::size_t i = 0; i < kCount; ++i) {
      EXPECT_NEAR(got[i], losses[i], 1e-5);
      EXPECT_EQ(got[i], only[i]);
    }
    for (std::size_t i = 0; i < d_in.size(); ++i) EXPECT_NEAR(d_x[i], d_in[i], 1e-5);
    for (std::size_t i = 0; i < d_b.size(); ++i) EXPECT_NEAR(layer.bias.gradient[i], d_b[i], 1e-5);
    for (std::size_t i = 0; i < d_w.size(); ++i) {
      EXPECT_NEAR(layer.weights.gradient[i], d_w[i], 1e-5);
    }
    std::vector<float> all(d_x);
    for (const Parameter* parameter : {&layer.weights, &layer.bias}) {
      const auto gradient = parameter->gradient.span();
      all.insert(all.end(), gradient.begin(), gradient.end());
    }
    all.insert(all.end(), got.begin(), got.end());
    if (first.empty()) first = all;
    EXPECT_EQ(0, std::memcmp(first.data(), all.data(), all.size() * sizeof(float)))
        << threads << " threads";
  }
}

// The first block determines a row's shift. For some rows an outcome in a later block is e^150
// above it; these rows are summed again, and the other rows keep their bits.
TEST(SoftmaxShift, RowsFarAboveTheFirstBlockAreSummedAgain) {
  constexpr std::int64_t kOutcomes = 1500, kWidth = 4, kRows = 6;
  SoftmaxLayer layer("softmax", kOutcomes, kWidth);
  layer.for_each_parameter([](Parameter& parameter) { parameter.allocate_gradient(); });
  const Random random(3, RandomUse::kInitialise);
  for (std::size_t i = 0; i < layer.weights.value.size(); ++i) {
    layer.weights.value[i] = 0.1f * random.normal(i);
  }
  layer.weights.value[1200 * kWidth + 2] = 150;
  layer.prepare(Precision::kF32, true);
  for (int part = 0; part < SoftmaxLayer::kPackParts; ++part) layer.pack(part, layer.weights);
  std::vector<float> x(kRows * kWidth), d_x(x.size()), tame(x.size()), d_tame(x.size());
  std::vector<std::int32_t> targets(kRows, 3);
  for (std::size_t i = 0; i < kRows; ++i) {
    x[i * kWidth] = 1;
    tame[i * kWidth] = 1;
    if (i % 2 == 1) x[i * kWidth + 2] = 1;
  }
  Workers workers(2);
  std::vector<double> losses(kRows), tame_losses(kRows);
  const StreamGroups groups(1, kRows);
  layer.losses_and_gradients(tame.data(), targets.data(), groups, 1.0f, layer.weights,
                             tame_losses.data(), d_tame.data(), workers);
  layer.losses_and_gradients(x.data(), targets.data(), groups, 1.0f, layer.weights, losses.data(),
                             d_x.data(), workers);
  const auto weight = [&](std::int64_t outcome, std::size_t k) {
    return static_cast<double>(layer.weights.value[static_cast<std::size_t>(outcome) * kWidth + k]);
  };
  for (std::size_t i = 0; i < kRows; ++i) {
    if (i % 2 == 0) {
      EXPECT_EQ(losses[i], tame_losses[i]);
      continue;
    }
    // Nearly all of the probability is at 1200.
    const double logit = weight(3, 0) + weight(3, 2);
    EXPECT_NEAR(losses[i], weight(1200, 0) + weight(1200, 2) - logit, 1e-4);
    for (std::size_t k = 0; k < kWidth; ++k) {
      EXPECT_NEAR(d_x[i * kWidth + k], weight(1200, k) - weight(3, k), 1e-4) << k;
    }
  }
  EXPECT_NEAR(layer.bias.gradient[1200], 3 + 3.0 / kOutcomes, 1e-3);  // the others: equal shares
}

INSTANTIATE_TEST_SUITE_P(Outcomes, Softmax, testing::Values(1, 15, 1023, 1024, 1025, 1300, 2100));

}  // namespace
}  // namespace elmo
