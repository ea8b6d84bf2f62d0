// Pooling: values computed by hand, gradients against finite differences.
#include "nn/pooling.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "elmo/error.h"
#include "tests/nn/nn_support.h"

namespace elmo {
namespace {

// Two texts with an empty one between them; two forward columns, one backward.
const Ragged kTexts = ragged({3, 0, 1});
const std::vector<float> kRows = {1, 20, 3, 7, 2, 5, 4, 5, 9, -1, -2, -3};

std::vector<float> pooled(TextPooling pooling) {
  const PoolingLayer layer("pool", pooling, 3, 2);
  PoolingTape tape;
  std::vector<float> y(9, -7.0f);
  layer.forward(kTexts, kRows.data(), tape, y.data());
  return y;
}

TEST(Pooling, ValuesAreThoseByHand) {
  EXPECT_EQ(pooled(TextPooling::kLast), (std::vector<float>{4, 5, 3, 0, 0, 0, -1, -2, -3}));
  EXPECT_EQ(pooled(TextPooling::kMax), (std::vector<float>{7, 20, 9, 0, 0, 0, -1, -2, -3}));
  EXPECT_EQ(pooled(TextPooling::kMean), (std::vector<float>{4, 9, 17.0f / 3, 0, 0, 0, -1, -2, -3}));
  // A zero query weights all positions equally.
  const std::vector<float> attention = pooled(TextPooling::kAttention);
  const std::vector<float> mean = pooled(TextPooling::kMean);
  for (std::size_t k = 0; k < mean.size(); ++k) EXPECT_NEAR(attention[k], mean[k], 1e-5);
}

class PoolingGradient : public testing::TestWithParam<TextPooling> {};

TEST_P(PoolingGradient, AgreesWithFiniteDifferences) {
  const Ragged texts = ragged({5, 1, 0, 3});
  PoolingLayer layer("pool", GetParam(), 8, 4);
  Numbers numbers(9);
  numbers.fill(layer, 0.7f);
  std::vector<float> x = numbers.normals(texts.rows() * 8), y(4 * 8), d_x(x.size());
  const std::vector<float> d_y = numbers.normals(4 * 8);
  PoolingTape tape;
  layer.forward(texts, x.data(), tape, y.data());
  layer.backward(texts, x.data(), tape, d_y.data(), d_x.data());
  const auto winners = tape.winners;
  const auto loss = [&] {
    layer.forward(texts, x.data(), tape, y.data());
    return tape.winners == winners ? dot(y, d_y) : std::numeric_limits<double>::quiet_NaN();
  };
  layer.for_each_parameter([&](Parameter& parameter) {
    expect_gradient(parameter.value.span(), parameter.gradient.span(), loss, parameter.name);
  });
  expect_gradient(x, d_x, loss, "x");
}

INSTANTIATE_TEST_SUITE_P(Kinds, PoolingGradient,
                         testing::Values(TextPooling::kLast, TextPooling::kMax, TextPooling::kMean,
                                         TextPooling::kAttention),
                         [](const testing::TestParamInfo<TextPooling>& of) {
                           return std::string(text_pooling_name(of.param));
                         });

TEST(Pooling, NamesAreParsed) {
  EXPECT_EQ(parse_text_pooling("attention"), TextPooling::kAttention);
  EXPECT_THROW(parse_text_pooling("first"), UsageError);
}

}  // namespace
}  // namespace elmo
