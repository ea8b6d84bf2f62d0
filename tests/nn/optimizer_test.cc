#include "nn/optimizer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "compute/random.h"
#include "elmo/error.h"

namespace elmo {
namespace {

// Two parameters, of which the first is larger than the optimiser's blocks.
std::vector<Parameter> parameters() {
  std::vector<Parameter> result;
  result.emplace_back("large", std::vector<std::int64_t>{300, 333});
  result.emplace_back("small", std::vector<std::int64_t>{5});
  std::uint64_t n = 0;
  const Random random(1, RandomUse::kInitialise);
  for (Parameter& parameter : result) {
    parameter.allocate_gradient();
    for (float& value : parameter.value.span()) value = random.normal(n++);
    for (float& value : parameter.gradient.span()) value = random.normal(n++);
  }
  return result;
}

std::vector<Parameter*> pointers(std::vector<Parameter>& of) {
  std::vector<Parameter*> result;
  for (Parameter& parameter : of) result.push_back(&parameter);
  return result;
}

double norm(const std::vector<Parameter>& of) {
  double sum = 0;
  for (const Parameter& parameter : of) {
    for (const float g : parameter.gradient.span()) sum += static_cast<double>(g) * g;
  }
  return std::sqrt(sum);
}

TEST(Optimizer, ClipsByTheGlobalNorm) {
  auto clipped = parameters(), scaled = parameters();
  Workers workers(2);
  const double total = norm(clipped), clip = total / 4;
  Optimizer one(OptimizerKind::kAdagrad, pointers(clipped));
  EXPECT_NEAR(one.update(0.2, clip, workers), total, 1e-5 * total);
  for (Parameter& parameter : scaled) {
    for (float& g : parameter.gradient.span()) g *= 0.25f;
  }
  Optimizer other(OptimizerKind::kAdagrad, pointers(scaled));
  other.update(0.2, 0, workers);
  for (std::size_t p = 0; p < clipped.size(); ++p) {
    for (std::size_t i = 0; i < clipped[p].value.size(); ++i) {
      ASSERT_NEAR(clipped[p].value[i], scaled[p].value[i], 1e-6);
    }
  }
}

// A held parameter keeps its bits and does not count in the norm. Afterwards it is as if training
// began then.
TEST(Optimizer, HoldsParametersForSoManyUpdates) {
  Workers workers(2);
  for (const OptimizerKind kind :
       {OptimizerKind::kAdagrad, OptimizerKind::kAdam, OptimizerKind::kSgd}) {
    auto held = parameters(), alone = parameters(), late = parameters();
    Optimizer optimizer(kind, pointers(held));
    const auto all = pointers(held);
    optimizer.hold(std::span(all).first(1), 3);
    Optimizer second_alone(kind, {&alone[1]}), first_late(kind, {&late[0]});
    for (int step = 0; step < 3; ++step) {
      EXPECT_EQ(optimizer.update(0.1, 0, workers), second_alone.update(0.1, 0, workers));
      EXPECT_TRUE(std::ranges::equal(held[0].value.span(), late[0].value.span()));
    }
    EXPECT_TRUE(std::ranges::equal(held[1].value.span(), alone[1].value.span()));
    for (int step = 0; step < 2; ++step) {
      optimizer.update(0.1, 0, workers);
      first_late.update(0.1, 0, workers);
    }
    EXPECT_TRUE(std::ranges::equal(held[0].value.span(), late[0].value.span()));
  }
}

// Gradient descent and Adam with weight decay, as in their papers, in double.
TEST(Optimizer, AgreesWithAPlainTwin) {
  constexpr double kRate = 0.02, kBeta1 = 0.9, kBeta2 = 0.999, kEpsilon = 1e-8;
  for (const OptimizerKind kind : {OptimizerKind::kSgd, OptimizerKind::kAdam}) {
    for (const double decay : {0.0, 0.5}) {
      auto trained = parameters();
      std::vector<std::vector<double>> weights, mean, variance;
      for (const Parameter& parameter : trained) {
        weights.emplace_back(parameter.value.span().begin(), parameter.value.span().end());
        mean.emplace_back(parameter.value.size());
        variance.emplace_back(parameter.value.size());
      }
      Workers workers(2);
      Optimizer optimizer(kind, pointers(trained));
      optimizer.decay = decay;
      const Random random(2, RandomUse::kInitialise);
      std::uint64_t n = 0;
      for (int step = 1; step <= 5; ++step) {
        for (Parameter& parameter : trained) {
          for (float& g : parameter.gradient.span()) g = random.normal(n++);
        }
        const double total = norm(trained), clip = step % 2 == 0 ? total / 3 : 2 * total;
        optimizer.update(kRate, clip, workers);
        for (std::size_t p = 0; p < trained.size(); ++p) {
          const double keep = trained[p].shape.size() > 1 ? 1 - kRate * decay : 1;
          for (std::size_t i = 0; i < weights[p].size(); ++i) {
            const double g = trained[p].gradient[i] * std::min(1.0, clip / total);
            double& w = weights[p][i];
            double &m = mean[p][i], &v = variance[p][i];
            w *= keep;
            if (kind == OptimizerKind::kSgd) {
              w -= kRate * g;
              continue;
            }
            m = kBeta1 * m + (1 - kBeta1) * g;
            v = kBeta2 * v + (1 - kBeta2) * g * g;
            w -= kRate * (m / (1 - std::pow(kBeta1, step))) /
                 (std::sqrt(v / (1 - std::pow(kBeta2, step))) + kEpsilon);
          }
        }
      }
      for (std::size_t p = 0; p < trained.size(); ++p) {
        for (std::size_t i = 0; i < weights[p].size(); ++i) {
          // Allows a few float roundings for each step.
          ASSERT_NEAR(trained[p].value[i], weights[p][i],
                      3e-6 * std::max(1.0, std::abs(weights[p][i])))
              << optimizer_name(kind) << " " << decay << " " << p << " " << i;
        }
      }
    }
  }
}

TEST(Optimizer, GivesTheSameBitsForAnyNumberOfThreads) {
  for (const OptimizerKind kind :
       {OptimizerKind::kAdagrad, OptimizerKind::kAdam, OptimizerKind::kSgd}) {
    std::vector<std::vector<Parameter>> results;
    for (const int threads : {1, 2, 3}) {
      results.push_back(parameters());
      Workers workers(threads);
      Optimizer optimizer(kind, pointers(results.back()));
      for (int step = 0; step < 3; ++step) optimizer.update(0.1, 5.0, workers);
    }
    for (std::size_t p = 0; p < results[0].size(); ++p) {
      const auto bits = [&](std::size_t of) {
        const auto span = results[of][p].value.span();
        return std::vector<float>(span.begin(), span.end());
      };
      EXPECT_EQ(bits(0), bits(1)) << optimizer_name(kind);
      EXPECT_EQ(bits(0), bits(2)) << optimizer_name(kind);
    }
  }
}

TEST(Optimizer, AStateThatIsPutBackGoesOnWithTheSameBits) {
  for (const OptimizerKind kind : {OptimizerKind::kAdagrad, OptimizerKind::kAdam}) {
    Workers workers(1);
    auto whole = parameters(), resumed = parameters();
    Optimizer uninterrupted(kind, pointers(whole));
    uninterrupted.update(0.1, 0, workers);
    for (std::size_t p = 0; p < whole.size(); ++p) {
      std::ranges::copy(whole[p].value.span(), resumed[p].value.data());
    }
    Optimizer again(kind, pointers(resumed));
    again.updates = uninterrupted.updates;
    const auto from = uninterrupted.states();
    auto to = again.states();
    ASSERT_EQ(from.size(), to.size());
    for (std::size_t i = 0; i < from.size(); ++i) {
      EXPECT_EQ(from[i].name, to[i].name);
      std::ranges::copy(from[i].values, to[i].values.begin());
    }
    uninterrupted.update(0.1, 0, workers);
    again.update(0.1, 0, workers);
    for (std::size_t p = 0; p < whole.size(); ++p) {
      EXPECT_TRUE(std::ranges::equal(whole[p].value.span(), resumed[p].value.span()));
    }
  }
}

TEST(Optimizer, AGradientThatIsNoNumberChangesNothing) {
  auto spoilt = parameters();
  const auto before = parameters();
  spoilt[1].gradient[2] = std::numeric_limits<float>::quiet_NaN();
  Workers workers(1);
  Optimizer optimizer(OptimizerKind::kAdam, pointers(spoilt));
  EXPECT_FALSE(std::isfinite(optimizer.update(0.1, 1.0, workers)));
  EXPECT_EQ(optimizer.updates, 0u);
  for (std::size_t p = 0; p < before.size(); ++p) {
    EXPECT_TRUE(std::ranges::equal(spoilt[p].value.span(), before[p].value.span()));
  }
  EXPECT_THROW(parse_optimizer("rmsprop"), UsageError);
}

}  // namespace
}  // namespace elmo
