// The layers of classifiers and taggers against PyTorch in float64. tests/golden/make_encoders.py
// describes the golden file.
#include "tests/support/golden.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "nn/convolution.h"
#include "nn/crf.h"
#include "nn/recurrent.h"
#include "tests/nn/nn_support.h"

namespace elmo {
namespace {

constexpr int kInput = 5, kHidden = 6;

Ragged read_texts(const std::string& name) { return ragged(read_golden_as<std::int64_t>(name)); }

std::span<const float> view(const float* values, std::size_t size) { return {values, size}; }

template <typename Layer>
void read_parameters(const std::string& group, Layer& layer) {
  layer.for_each_parameter([&](Parameter& parameter) {
    read_golden_parameter(group + "/weights", parameter);
    parameter.allocate_gradient();
  });
}

template <typename Layer>
void expect_gradients(const std::string& group, Layer& layer) {
  layer.for_each_parameter([&](Parameter& parameter) {
    EXPECT_LT(relative_error(view(parameter.gradient.data(), parameter.gradient.size()),
                             read_golden(group + "/gradients/" + parameter.name)),
              1e-5)
        << parameter.name;
  });
}

class GoldenRecurrent : public testing::TestWithParam<std::string> {};

TEST_P(GoldenRecurrent, OutputsStatesAndGradients) {
  const std::string& group = GetParam();
  Recurrent layer("encoder", {.kind = parse_recurrent(group.substr(0, group.find('_'))),
                              .activation = group.starts_with("rnn_relu") ? Activation::kRelu
                                                                          : Activation::kTanh,
                              .input = kInput,
                              .hidden = kHidden,
                              .layers = 2,
                              .bidirectional = !group.ends_with("_one")});
  read_parameters(group, layer);
  layer.prepare(true);
  const Ragged texts = read_texts("lengths");
  const auto x = read_golden_as<float>("x"), d_y = read_golden_as<float>(group + "/d_y");
  std::vector<float> d_x(x.size());
  Workers workers(2);
  RecurrentTape tape;
  const float* y = layer.forward(texts, x.data(), tape, nullptr, workers);
  EXPECT_LT(relative_error(view(y, d_y.size()), read_golden(group + "/y")), 2e-6);
  if (group == "lstm") {
    const RecurrentLayerTape& top = tape.layers[2];
    EXPECT_LT(
        relative_error(view(top.last_h.data(), top.last_h.size()), read_golden("lstm/last_h")),
        2e-6);
    EXPECT_LT(
        relative_error(view(top.last_c.data(), top.last_c.size()), read_golden("lstm/last_c")),
        2e-6);
  }
  layer.backward(texts, tape, d_y.data(), d_x.data(), workers);
  EXPECT_LT(relative_error(view(d_x.data(), d_x.size()), read_golden(group + "/d_x")), 1e-5);
  expect_gradients(group, layer);
}

INSTANTIATE_TEST_SUITE_P(Kinds, GoldenRecurrent,
                         testing::Values("rnn_tanh", "rnn_tanh_one", "rnn_relu", "rnn_relu_one",
                                         "lstm", "lstm_one", "gru", "gru_one"),
                         [](const testing::TestParamInfo<std::string>& of) { return of.param; });

TEST(GoldenConvolution, OutputsAndGradients) {
  ConvolutionLayer layer("encoder", {.input = kInput, .kernels = {2, 4}, .filters = 7});
  read_parameters("cnn", layer);
  layer.prepare(true);
  const Ragged texts = read_texts("lengths");
  const auto x = read_golden_as<float>("x"), d_y = read_golden_as<float>("cnn/d_y");
  std::vector<float> y(d_y.size()), d_x(x.size());
  Workers workers(2);
  ConvolutionTape tape;
  layer.forward(texts, x.data(), tape, y.data(), workers);
  EXPECT_LT(relative_error(view(y.data(), y.size()), read_golden("cnn/y")), 2e-6);
  layer.backward(texts, x.data(), tape, d_y.data(), d_x.data(), workers);
  EXPECT_LT(relative_error(view(d_x.data(), d_x.size()), read_golden("cnn/d_x")), 1e-5);
  expect_gradients("cnn", layer);
}

TEST(GoldenCrf, LossesAndGradients) {
  CrfLayer layer("crf", CrfRules::anything(4));
  read_parameters("crf", layer);
  const Ragged texts = read_texts("crf/lengths");
  const auto scores = read_golden_as<float>("crf/scores");
  const auto tags = read_golden_as<std::int32_t>("crf/tags");
  std::vector<double> losses(static_cast<std::size_t>(texts.texts()));
  std::vector<float> d_scores(scores.size());
  Workers workers(2);
  layer.losses(texts, scores.data(), tags.data(), 1, losses.data(), d_scores.data(), workers);
  EXPECT_LT(relative_error(std::span<const double>(losses), read_golden("crf/losses")), 1e-9);
  EXPECT_LT(relative_error(view(d_scores.data(), d_scores.size()), read_golden("crf/d_scores")),
            1e-6);
  expect_gradients("crf", layer);
}

}  // namespace
}  // namespace elmo
