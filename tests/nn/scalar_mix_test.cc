// The scalar mix: values computed by hand, gradients against finite differences.
#include "nn/scalar_mix.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/nn/nn_support.h"

namespace elmo {
namespace {

TEST(ScalarMix, IsGammaTimesTheSoftmaxOfTheLayers) {
  ScalarMixLayer mix("mix", 2);
  Initialiser initialiser(1);
  mix.initialise(initialiser);
  const std::vector<float> layers = {1, 2, 3, 4};  // one word, two layers
  std::vector<float> y(2);
  Workers workers(1);
  mix.forward(layers.data(), 1, 2, y.data(), workers);
  EXPECT_EQ(y, (std::vector<float>{2, 3}));
  mix.weights.value[1] = std::log(3.0f);
  mix.gamma.value[0] = 4;
  mix.forward(layers.data(), 1, 2, y.data(), workers);
  EXPECT_NEAR(y[0], 4 * (0.25 * 1 + 0.75 * 3), 1e-5);
  EXPECT_NEAR(y[1], 4 * (0.25 * 2 + 0.75 * 4), 1e-5);
}

TEST(ScalarMix, GradientsAgreeWithFiniteDifferences) {
  constexpr std::int64_t kWords = 150, kLayers = 3, kDimension = 6;  // more than one block
  constexpr float kPenalty = 0.3f;
  ScalarMixLayer mix("mix", kLayers);
  Numbers numbers(2);
  numbers.fill(mix, 0.8f);
  const std::vector<float> layers = numbers.normals(kWords * kLayers * kDimension);
  const std::vector<float> d_y = numbers.normals(kWords * kDimension, 0.1f);
  std::vector<float> y(d_y.size());
  std::vector<std::vector<float>> gradients;
  for (const int threads : {1, 3}) {
    Workers workers(threads);
    mix.weights.gradient.zero();
    mix.gamma.gradient.zero();
    mix.backward(layers.data(), kWords, kDimension, d_y.data(), workers);
    mix.add_penalty(kPenalty);
    const auto span = mix.weights.gradient.span();
    gradients.emplace_back(span.begin(), span.end());
  }
  EXPECT_EQ(gradients[0], gradients[1]);
  Workers workers(2);
  const auto loss = [&] {
    mix.forward(layers.data(), kWords, kDimension, y.data(), workers);
    double penalty = 0;
    for (const float w : mix.weights.value.span()) penalty += kPenalty * static_cast<double>(w) * w;
    return dot(y, d_y) + penalty;
  };
  mix.for_each_parameter([&](Parameter& parameter) {
    expect_gradient(parameter.value.span(), parameter.gradient.span(), loss, parameter.name);
  });
}

TEST(ScalarMix, NormalisedLayersHaveMeanZeroAndVarianceOne) {
  constexpr std::size_t kWords = 5, kLayers = 2, kDimension = 7;
  Numbers numbers(3);
  std::vector<float> vectors = numbers.normals(kWords * kLayers * kDimension, 3);
  for (float& value : vectors) value += 10;
  const std::vector<float> before = vectors;
  normalise_layers(vectors.data(), kWords, kLayers, kDimension);
  for (std::size_t j = 0; j < kLayers; ++j) {
    double sum = 0, squares = 0;
    for (std::size_t w = 0; w < kWords; ++w) {
      for (std::size_t k = 0; k < kDimension; ++k) {
        const double value = vectors[(w * kLayers + j) * kDimension + k];
        sum += value;
        squares += value * value;
      }
    }
    EXPECT_NEAR(sum, 0, 1e-4);
    EXPECT_NEAR(squares / (kWords * kDimension), 1, 1e-5);
  }
  // The order within a layer must not change.
  EXPECT_EQ(before[0] < before[1], vectors[0] < vectors[1]);
}

}  // namespace
}  // namespace elmo
