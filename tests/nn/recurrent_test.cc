// Recurrent layers: gradients against finite differences, and equal bits. Values are tested in
// golden_test.cc.
#include "nn/recurrent.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "elmo/error.h"
#include "tests/nn/nn_support.h"

namespace elmo {
namespace {

struct Case {
  RecurrentKind kind;
  Activation activation;
  bool bidirectional;
};

class RecurrentTest : public testing::TestWithParam<Case> {
 protected:
  RecurrentShape shape(int layers, int hidden) const {
    return {.kind = GetParam().kind,
            .activation = GetParam().activation,
            .input = 5,
            .hidden = hidden,
            .layers = layers,
            .bidirectional = GetParam().bidirectional};
  }
};

TEST_P(RecurrentTest, GradientsAgreeWithFiniteDifferences) {
  RecurrentShape two = shape(2, 7);
  two.dropout = 0.3f;
  Recurrent layer("encoder", two);
  Numbers numbers(5);
  const bool relu = GetParam().activation == Activation::kRelu;
  numbers.fill(layer, relu ? 0.1f : 0.4f);
  if (relu) {
    // Half of the units active, half not, and none so near to the kink that a difference crosses
    // it.
    layer.for_each_parameter([](Parameter& parameter) {
      if (!parameter.name.ends_with("bias")) return;
      for (std::size_t k = 0; k < parameter.value.size(); ++k) parameter.value[k] = k % 2 ? 2 : -2;
    });
  }
  const Ragged texts = ragged({3, 0, 6, 1, 3});
  std::vector<float> x = numbers.normals(texts.rows() * 5);
  const std::vector<float> d_y = numbers.normals(texts.rows() * layer.width());
  const Random dropout(1, RandomUse::kDropout);
  Workers workers(1);
  layer.prepare(true);
  RecurrentTape tape;
  const auto loss = [&] {
    layer.pack();
    const float* y = layer.forward(texts, x.data(), tape, &dropout, workers);
    return dot(std::span(y, d_y.size()), d_y);
  };
  loss();
  std::vector<float> d_x(x.size());
  layer.backward(texts, tape, d_y.data(), d_x.data(), workers);
  layer.for_each_parameter([&](Parameter& parameter) {
    expect_gradient(parameter.value.span(), parameter.gradient.span(), loss, parameter.name);
  });
  expect_gradient(x, d_x, loss, "x");
}

// Compares the texts of a batch with the same texts in batches of their own.
TEST_P(RecurrentTest, ATextHasTheSameBitsInAnyBatchAndWithAnyThreads) {
  Recurrent layer("encoder", shape(2, 21));
  Numbers numbers(6);
  numbers.fill(layer, 0.3f);
  layer.prepare(true);
  Ragged texts;
  for (std::int64_t i = 0; i < 90; ++i) texts.add(i * 7 % 23);
  const std::vector<float> x = numbers.normals(texts.rows() * 5);
  const std::vector<float> d_y = numbers.normals(texts.rows() * layer.width());
  std::vector<float> expected, expected_d_x, expected_gradient;
  RecurrentTape tape;
  for (const int threads : {1, 2, 3}) {
    Workers workers(threads);
    layer.for_each_parameter([](Parameter& parameter) { parameter.gradient.zero(); });
    const float* y = layer.forward(texts, x.data(), tape, nullptr, workers);
    const std::vector<float> got(y, y + d_y.size());
    std::vector<float> d_x(x.size()), gradient;
    layer.backward(texts, tape, d_y.data(), d_x.data(), workers);
    layer.for_each_parameter([&](Parameter& parameter) {
      gradient.insert(gradient.end(), parameter.gradient.data(),
                      parameter.gradient.data() + parameter.gradient.size());
    });
    if (threads == 1) {
      expected = got;
      expected_d_x = d_x;
      expected_gradient = gradient;
    }
    EXPECT_EQ(expected, got);
    EXPECT_EQ(expected_d_x, d_x);
    EXPECT_EQ(expected_gradient, gradient);
  }
  Workers workers(2);
  RecurrentTape alone_tape;
  for (std::int64_t i = 0; i < texts.texts(); ++i) {
    const Ragged alone = ragged({texts.length(i)});
    const float* y =
        layer.forward(alone, x.data() + texts.begin(i) * 5, alone_tape, nullptr, workers);
    const auto first = static_cast<std::size_t>(texts.begin(i) * layer.width());
    const auto size = static_cast<std::size_t>(texts.length(i) * layer.width());
    ASSERT_TRUE(std::equal(y, y + size, expected.begin() + static_cast<std::ptrdiff_t>(first)))
        << i;
    std::vector<float> d_x(static_cast<std::size_t>(texts.length(i) * 5));
    layer.backward(alone, alone_tape, d_y.data() + first, d_x.data(), workers);
    ASSERT_TRUE(std::ranges::equal(
        d_x,
        std::span(expected_d_x).subspan(static_cast<std::size_t>(texts.begin(i) * 5), d_x.size())))
        << i;
  }
}

TEST_P(RecurrentTest, TheLastStateIsThatOfTheLastWordRead) {
  Recurrent layer("encoder", shape(1, 4));
  Numbers numbers(7);
  numbers.fill(layer, 0.3f);
  layer.prepare(false);
  const Ragged texts = ragged({2, 0, 5, 3});
  const std::vector<float> x = numbers.normals(texts.rows() * 5);
  Workers workers(2);
  RecurrentTape tape;
  const float* y = layer.forward(texts, x.data(), tape, nullptr, workers);
  for (int d = 0; d < layer.directions(); ++d) {
    const RecurrentLayerTape& states = tape.layers[static_cast<std::size_t>(d)];
    EXPECT_EQ(states.last_c.size(), GetParam().kind == RecurrentKind::kLstm ? 16u : 0u);
    for (std::int64_t i = 0; i < texts.texts(); ++i) {
      const std::int64_t row = d == 0 ? texts.end(i) - 1 : texts.begin(i);
      for (std::int64_t k = 0; k < 4; ++k) {
        EXPECT_EQ(states.last_h[static_cast<std::size_t>(i * 4 + k)],
                  texts.length(i) == 0 ? 0 : y[row * layer.width() + d * 4 + k]);
      }
    }
  }
}

TEST_P(RecurrentTest, WithoutABackwardPassALongTextHasTheSameBitsInLittleMemory) {
  Recurrent layer("encoder", shape(2, 3));
  Numbers numbers(9);
  numbers.fill(layer, 0.5f);
  layer.prepare(false);
  const Ragged texts = ragged({9000, 1, 5000, 0, 4097});
  const std::vector<float> x = numbers.normals(texts.rows() * 5);
  for (const int threads : {1, 2}) {
    Workers workers(threads);
    RecurrentTape kept, passing;
    const float* expected = layer.forward(texts, x.data(), kept, nullptr, workers);
    const float* y = layer.forward(texts, x.data(), passing, nullptr, workers, false);
    const auto size = static_cast<std::size_t>(texts.rows() * layer.width());
    EXPECT_EQ(std::memcmp(y, expected, size * sizeof(float)), 0);
    for (std::size_t i = 0; i < kept.layers.size(); ++i) {
      EXPECT_EQ(passing.layers[i].last_h, kept.layers[i].last_h);
      EXPECT_EQ(passing.layers[i].last_c, kept.layers[i].last_c);
      EXPECT_LT(passing.layers[i].gates.size(), kept.layers[i].gates.size() / 4);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, RecurrentTest,
                         testing::Values(Case{RecurrentKind::kRnn, Activation::kTanh, false},
                                         Case{RecurrentKind::kRnn, Activation::kRelu, true},
                                         Case{RecurrentKind::kLstm, Activation::kTanh, false},
                                         Case{RecurrentKind::kLstm, Activation::kTanh, true},
                                         Case{RecurrentKind::kGru, Activation::kTanh, false},
                                         Case{RecurrentKind::kGru, Activation::kTanh, true}),
                         [](const testing::TestParamInfo<Case>& of) {
                           return std::string(recurrent_name(of.param.kind)) + "_" +
                                  std::string(activation_name(of.param.activation)) +
                                  (of.param.bidirectional ? "_both" : "_one");
                         });

TEST(Recurrent, VariationalDropoutTakesTheSameUnitsAtAllWordsOfAText) {
  RecurrentShape shape{
      .kind = RecurrentKind::kGru, .input = 5, .hidden = 16, .layers = 2, .dropout = 0.5f};
  Recurrent layer("encoder", shape);
  Numbers numbers(8);
  numbers.fill(layer, 0.3f);
  layer.prepare(false);
  const Ragged texts = ragged({4, 6});
  const std::vector<float> x = numbers.normals(texts.rows() * 5);
  Workers workers(1);
  RecurrentTape tape;
  const Random dropout(3, RandomUse::kDropout);
  layer.forward(texts, x.data(), tape, &dropout, workers);
  const auto dropped = [&](std::int64_t row) {
    std::string units;
    for (int k = 0; k < 16; ++k) units += tape.outputs[0].data()[row * 16 + k] == 0 ? '0' : '1';
    return units;
  };
  for (std::int64_t i = 0; i < 2; ++i) {
    for (std::int64_t row = texts.begin(i); row < texts.end(i); ++row) {
      EXPECT_EQ(dropped(row), dropped(texts.begin(i)));
    }
  }
  EXPECT_NE(dropped(0), dropped(4));
  EXPECT_NE(dropped(0).find('0'), std::string::npos);
}

TEST(Recurrent, NamesAreParsed) {
  EXPECT_EQ(parse_recurrent("gru"), RecurrentKind::kGru);
  EXPECT_THROW(parse_recurrent("transformer"), UsageError);
  EXPECT_EQ(parse_activation("relu"), Activation::kRelu);
  EXPECT_THROW(parse_activation("sin"), UsageError);
}

}  // namespace
}  // namespace elmo
