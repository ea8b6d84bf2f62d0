// Convolution and global max pooling: gradients against finite differences, and equal bits. Values
// are tested in golden_test.cc.
#include "nn/convolution.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "tests/nn/nn_support.h"

namespace elmo {
namespace {

class Convolution : public testing::TestWithParam<int> {};

TEST_P(Convolution, GradientsAgreeWithFiniteDifferences) {
  ConvolutionLayer layer("encoder",
                         {.input = 5, .kernels = {2, 4}, .filters = 6, .stride = GetParam()});
  Numbers numbers(4);
  numbers.fill(layer, 0.4f);
  layer.prepare(true);
  const Ragged texts = ragged({7, 1, 3, 0, 4});
  std::vector<float> x = numbers.normals(texts.rows() * 5), d_x(x.size());
  const std::vector<float> d_y = numbers.normals(texts.texts() * layer.width());
  std::vector<float> y(d_y.size());
  Workers workers(2);
  ConvolutionTape tape;
  layer.forward(texts, x.data(), tape, y.data(), workers);
  EXPECT_EQ(std::ranges::count_if(y, [](float value) { return value < 0; }), 0);
  layer.backward(texts, x.data(), tape, d_y.data(), d_x.data(), workers);
  const auto winners = tape.winners;
  const auto loss = [&] {
    layer.pack();
    layer.forward(texts, x.data(), tape, y.data(), workers);
    return tape.winners == winners ? dot(y, d_y) : std::numeric_limits<double>::quiet_NaN();
  };
  layer.for_each_parameter([&](Parameter& parameter) {
    expect_gradient(parameter.value.span(), parameter.gradient.span(), loss, parameter.name);
  });
  expect_gradient(x, d_x, loss, "x");
}

INSTANTIATE_TEST_SUITE_P(Strides, Convolution, testing::Values(1, 2));

TEST(Convolution, ATextHasTheSameBitsInAnyBatchAndWithAnyThreads) {
  ConvolutionLayer layer("encoder", {.input = 7, .kernels = {3, 4, 5}, .filters = 20});
  Numbers numbers(5);
  numbers.fill(layer, 0.4f);
  layer.prepare(true);
  Ragged texts;
  for (std::int64_t i = 0; i < 60; ++i) texts.add(i * 7 % 23);
  const std::vector<float> x = numbers.normals(texts.rows() * 7);
  const std::vector<float> d_y = numbers.normals(texts.texts() * layer.width());
  std::vector<float> expected, expected_backward;
  ConvolutionTape tape;
  for (const int threads : {1, 2, 3}) {
    Workers workers(threads);
    std::vector<float> y(d_y.size()), backward(x.size());
    layer.for_each_parameter([](Parameter& parameter) { parameter.gradient.zero(); });
    layer.forward(texts, x.data(), tape, y.data(), workers);
    layer.backward(texts, x.data(), tape, d_y.data(), backward.data(), workers);
    layer.for_each_parameter([&](Parameter& parameter) {
      backward.insert(backward.end(), parameter.gradient.data(),
                      parameter.gradient.data() + parameter.gradient.size());
    });
    if (threads == 1) {
      expected = y;
      expected_backward = backward;
    }
    EXPECT_EQ(expected, y);
    EXPECT_EQ(expected_backward, backward);
  }
  Workers workers(1);
  for (std::int64_t i = 0; i < texts.texts(); ++i) {
    std::vector<float> y(static_cast<std::size_t>(layer.width()));
    layer.forward(ragged({texts.length(i)}), x.data() + texts.begin(i) * 7, tape, y.data(),
                  workers);
    EXPECT_TRUE(std::ranges::equal(
        y, std::span(expected).subspan(static_cast<std::size_t>(i) * y.size(), y.size())))
        << i;
  }
}

}  // namespace
}  // namespace elmo
