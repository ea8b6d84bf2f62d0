// Losses over few classes: values computed by hand, gradients against finite differences.
#include "nn/heads.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/nn/nn_support.h"

namespace elmo {
namespace {

const std::vector<float> kWeights = {0.5f, 2.0f, 1.5f};

TEST(Heads, SoftmaxCrossEntropyWeighsClasses) {
  const std::vector<float> logits = {1, 2, 0, 5, 5, 5};
  const std::vector<std::int32_t> targets = {1, 0};
  const double first = std::log(std::exp(1.0) + std::exp(2.0) + 1) - 2, second = std::log(3.0);
  EXPECT_NEAR(softmax_cross_entropy(logits.data(), 2, 3, targets.data(), {}, 1, nullptr),
              first + second, 1e-6);
  EXPECT_NEAR(softmax_cross_entropy(logits.data(), 2, 3, targets.data(), kWeights, 1, nullptr),
              2 * first + 0.5 * second, 1e-6);
}

TEST(Heads, GradientsAgreeWithFiniteDifferences) {
  Numbers numbers(1);
  std::vector<float> logits = numbers.normals(4 * 3, 2), gradient(12);
  const std::vector<std::int32_t> targets = {2, 0, -1, 1};
  softmax_cross_entropy(logits.data(), 4, 3, targets.data(), kWeights, 0.25f, gradient.data());
  expect_gradient(
      logits, gradient,
      [&] {
        return 0.25 *
               softmax_cross_entropy(logits.data(), 4, 3, targets.data(), kWeights, 1, nullptr);
      },
      "softmax", 1e-4);
  const std::vector<std::int32_t> two = {1, 0, -1, 1, 0};
  const std::span<const float> weights(kWeights.data(), 2);
  logits = {0.3f, -2, 1, 30, 4};
  gradient.resize(5);
  sigmoid_cross_entropy(logits.data(), 5, two.data(), weights, 0.25f, gradient.data());
  expect_gradient(
      logits, gradient,
      [&] {
        return 0.25 * sigmoid_cross_entropy(logits.data(), 5, two.data(), weights, 1, nullptr);
      },
      "sigmoid", 1e-4);
}

// sigmoid(x) = softmax(0, x), also if an exponential overflows float32.
TEST(Heads, SigmoidIsASoftmaxOfTwo) {
  for (const float x : {-200.0f, -3.0f, 0.0f, 0.5f, 200.0f}) {
    const float pair[] = {0, x};
    float probabilities[2], d_pair[2], d = 0;
    softmax(pair, 1, 2, probabilities);
    EXPECT_NEAR(sigmoid(x), probabilities[1], 1e-6);
    for (const std::int32_t target : {0, 1}) {
      const double one = sigmoid_cross_entropy(&x, 1, &target, {}, 1, &d);
      EXPECT_NEAR(one, softmax_cross_entropy(pair, 1, 2, &target, {}, 1, d_pair), 1e-6);
      EXPECT_NEAR(d, d_pair[1], 1e-6);
      EXPECT_TRUE(std::isfinite(one));
    }
  }
}

}  // namespace
}  // namespace elmo
