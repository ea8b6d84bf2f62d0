// The dense layer: gradients against finite differences, and equal bits for any number of threads.
#include "nn/linear.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/nn/nn_support.h"

namespace elmo {
namespace {

TEST(Linear, GradientsAgreeWithFiniteDifferences) {
  constexpr std::int64_t kRows = 9;
  LinearLayer layer("output", 6, 3);
  Numbers numbers(1);
  numbers.fill(layer, 0.5f);
  std::vector<float> x = numbers.normals(kRows * 6), y(kRows * 3), d_x(x.size());
  const std::vector<float> d_y = numbers.normals(kRows * 3);
  Workers workers(2);
  layer.prepare(true);
  const auto loss = [&] {
    layer.pack();
    layer.forward(x.data(), kRows, y.data(), workers);
    return dot(y, d_y);
  };
  loss();
  layer.backward(x.data(), d_y.data(), kRows, d_x.data(), workers);
  layer.for_each_parameter([&](Parameter& parameter) {
    expect_gradient(parameter.value.span(), parameter.gradient.span(), loss, parameter.name);
  });
  expect_gradient(x, d_x, loss, "x");
}

// More rows and columns than one block of the weight gradient, and not a multiple of it.
TEST(Linear, TheGradientOfManyRowsIsTheirSumWhateverTheThreads) {
  constexpr std::int64_t kRows = 601, kInput = 33, kOutput = 150;
  Numbers numbers(2);
  const std::vector<float> x = numbers.normals(kRows * kInput),
                           d_y = numbers.normals(kRows * kOutput);
  std::vector<double> expected(kOutput * kInput, 1.0);
  for (std::size_t i = 0; i < kRows; ++i) {
    for (std::size_t o = 0; o < kOutput; ++o) {
      for (std::size_t k = 0; k < kInput; ++k) {
        expected[o * kInput + k] += static_cast<double>(d_y[i * kOutput + o]) * x[i * kInput + k];
      }
    }
  }
  std::vector<float> first;
  for (const int threads : {1, 2, 3}) {
    Workers workers(threads);
    std::vector<float> gradient(kOutput * kInput, 1.0f);  // gradients are added to it
    add_weight_gradient(d_y.data(), kOutput, kOutput, x.data(), kInput, kRows, gradient.data(),
                        workers);
    for (std::size_t j = 0; j < gradient.size(); ++j) ASSERT_NEAR(gradient[j], expected[j], 1e-4);
    if (first.empty()) first = gradient;
    EXPECT_EQ(first, gradient);
  }
}

}  // namespace
}  // namespace elmo
