// The language model against PyTorch in float64. tests/golden/make_language_model.py describes the
// golden file.
#include "tests/support/golden.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "lm/engine.h"
#include "nn/optimizer.h"
#include "tests/lm/lm_support.h"
#include "text/characters.h"

namespace elmo {
namespace {

constexpr int kWindows = 3;

CharacterShape read_character_shape(const std::string& group) {
  CharacterShape shape;
  const auto extents = [&](const std::string& name) {
    return golden().open_dataset(group + "/weights/token_encoder/" + name).extents();
  };
  const auto has = [&](const std::string& name) {
    return golden().has_dataset(group + "/weights/token_encoder/" + name);
  };
  shape.rows = kCharacterRows;
  shape.padding = kPadding;
  shape.positions = read_golden_as<int>(group + "/positions").at(0);
  shape.dimension = static_cast<int>(extents("characters")[1]);
  for (int i = 0; has("filter_" + std::to_string(i)); ++i) {
    const h5::Extents filter = extents("filter_" + std::to_string(i));
    shape.filters.push_back({static_cast<int>(filter[0]), static_cast<int>(filter[2])});
  }
  while (has("highway_" + std::to_string(shape.highways) + "/carry")) ++shape.highways;
  shape.projection = static_cast<int>(extents("projection")[1]);
  return shape;
}

// (case, threads, direction). The direction changes which sentence is read, but not the numbers.
using Parameters = std::tuple<std::string, int, Direction>;

class GoldenLanguageModel : public testing::TestWithParam<Parameters> {
 protected:
  GoldenLanguageModel() : case_(std::get<0>(GetParam())), workers_(std::get<1>(GetParam())) {
    const h5::Extents outputs = golden().open_dataset(case_ + "/window_0/outputs/lstm_0").extents();
    const h5::Extents cells = golden().open_dataset(case_ + "/window_0/state/lstm_0/c").extents();
    const bool has_characters = case_ == "C";
    steps_ = static_cast<int>(outputs[0]);
    streams_ = static_cast<int>(outputs[1]);
    ModelSettings settings = {.direction = std::get<2>(GetParam()),
                              .layers = case_ == "B" ? 1 : 2,
                              .hidden = static_cast<int>(cells[1]),
                              .projection = static_cast<int>(outputs[2]),
                              .cell_clip = 3,
                              .projection_clip = 3,
                              .skip_connections = true,
                              .split = Split::kSpaces};
    const auto rows = read_golden(case_ + "/weights/softmax/bias").size();
    settings.tied = case_ == "D";
    if (has_characters) {
      settings.encoder = Encoder::kCharacters;
      settings.characters = read_character_shape(case_);
      const auto bytes = read_golden_as<char>(case_ + "/words");
      std::istringstream lines(std::string(bytes.begin(), bytes.end()));
      for (std::string word; std::getline(lines, word);) words_.push_back(word);
      std::string listed;
      for (std::size_t i = 0; i < rows; ++i) listed += words_.at(i) + "\n";
      model_ = std::make_unique<LanguageModel>(
          settings, std::make_shared<const WordVocabulary>(listed, "the golden file's words"));
      words_.emplace_back();  // for an idle stream
    } else {
      model_ = std::make_unique<LanguageModel>(settings, vocabulary_of(static_cast<int>(rows)));
    }
    model_->for_each_parameter(
        [&](Parameter& parameter) { read_golden_parameter(case_ + "/weights", parameter); });
    model_->prepare(Precision::kF32, true);
    model_->pack(workers_);
    engine_ =
        make_engine(*model_, Precision::kF32, {.steps = steps_, .streams = streams_}, workers_);
  }

  std::string name(int window) const { return case_ + "/window_" + std::to_string(window); }

  Window window(int k) const {
    Window window;
    window.steps = steps_;
    window.streams = streams_;
    window.inputs = read_golden_as<std::int32_t>(name(k) + "/inputs");
    window.targets = read_golden_as<std::int32_t>(name(k) + "/targets");
    window.resets = read_golden_as<std::uint8_t>(name(k) + "/resets");
    window.predictions = read_golden_as<std::uint64_t>(name(k) + "/predictions").at(0);
    if (words_.empty()) return window;
    for (const std::int32_t input : window.inputs) {
      window.input_words.push_back(words_.at(static_cast<std::size_t>(input)));
    }
    return window;
  }

  void expect_outputs_and_state(int k) const {
    for (int j = 0; j <= model_->settings.layers; ++j) {
      const std::string layer = j == 0 ? "token_encoder" : "lstm_" + std::to_string(j - 1);
      EXPECT_LT(
          relative_error(engine_->layer_output(j), read_golden(name(k) + "/outputs/" + layer)),
          1e-5)
          << "window " << k << ", " << layer;
    }
    const auto state = engine_->state();
    for (std::size_t j = 0; j < state.size(); ++j) {
      const std::string layer = name(k) + "/state/lstm_" + std::to_string(j);
      EXPECT_LT(relative_error(std::span<const float>(state[j].h), read_golden(layer + "/h")),
                1e-5);
      EXPECT_LT(relative_error(std::span<const float>(state[j].c), read_golden(layer + "/c")),
                1e-5);
    }
  }

  // Sets the state after window k from the golden file, because these weights amplify rounding
  // errors a hundredfold in each window.
  void restore_golden_state(int k) {
    auto state = engine_->state();
    for (std::size_t j = 0; j < state.size(); ++j) {
      const std::string layer = name(k) + "/state/lstm_" + std::to_string(j);
      std::ranges::copy(read_golden_as<float>(layer + "/h"), state[j].h.begin());
      std::ranges::copy(read_golden_as<float>(layer + "/c"), state[j].c.begin());
    }
    engine_->restore(state);
  }

  void expect_training(const std::string& recipe, OptimizerKind kind) {
    std::vector<Parameter*> parameters;
    model_->for_each_parameter([&](Parameter& parameter) { parameters.push_back(&parameter); });
    Optimizer optimizer(kind, parameters);
    const std::string group = case_ + "/" + recipe;
    const double rate = read_golden(group + "/learning_rate").at(0),
                 clip = read_golden(group + "/clip").at(0);
    const auto norms = read_golden(group + "/norms"), losses = read_golden(group + "/losses");
    for (int k = 0; k < kWindows; ++k) {
      const auto at = static_cast<std::size_t>(k);
      const double loss = engine_->train(window(k), at);
      EXPECT_NEAR(loss, losses.at(at), 1e-5 * losses.at(at)) << "step " << k;
      const double norm = optimizer.update(rate, clip, workers_);
      EXPECT_NEAR(norm, norms.at(at), 1e-4 * norms.at(at)) << "step " << k;
      model_->pack(workers_);
    }
    for (const Parameter* parameter : parameters) {
      EXPECT_LT(relative_error(parameter->value.span(),
                               read_golden(group + "/weights/" + parameter->name)),
                1e-5)
          << parameter->name;
    }
  }

  std::string case_;
  std::vector<std::string> words_;  // the words that the inputs of C are indices of
  Workers workers_;
  int steps_ = 0, streams_ = 0;
  std::unique_ptr<LanguageModel> model_;
  std::unique_ptr<Engine> engine_;
};

TEST_P(GoldenLanguageModel, LossesOutputsAndStates) {
  std::vector<double> losses;
  for (int k = 0; k < kWindows; ++k) {
    const double expected = read_golden(name(k) + "/loss").at(0);
    EXPECT_NEAR(engine_->evaluate(window(k), losses), expected, 1e-5 * expected) << "window " << k;
    expect_outputs_and_state(k);
    restore_golden_state(k);
  }
}

TEST_P(GoldenLanguageModel, GradientsBehindACarriedState) {
  engine_->train(window(0), 0);
  const double expected = read_golden(name(1) + "/loss").at(0);
  EXPECT_NEAR(engine_->train(window(1), 1), expected, 1e-5 * expected);
  expect_outputs_and_state(1);
  double squares = 0;
  model_->for_each_parameter([&](Parameter& parameter) {
    EXPECT_LT(relative_error(std::span<const float>(parameter.gradient.span()),
                             read_golden(case_ + "/gradients/" + parameter.name)),
              1e-4)
        << parameter.name;
    for (const float value : parameter.gradient.span()) {
      squares += static_cast<double>(value) * value;
    }
  });
  const double norm = read_golden(case_ + "/gradient_norm").at(0);
  EXPECT_NEAR(std::sqrt(squares), norm, 1e-4 * norm);
}

TEST_P(GoldenLanguageModel, RestoredStateIsTheCarriedOne) {
  std::vector<double> losses;
  engine_->evaluate(window(0), losses);
  const auto state = engine_->state();
  const auto other =
      make_engine(*model_, Precision::kF32, {.steps = steps_, .streams = streams_}, workers_);
  other->restore(state);
  EXPECT_EQ(engine_->evaluate(window(1), losses), other->evaluate(window(1), losses));
}

class GoldenTraining : public GoldenLanguageModel {};
TEST_P(GoldenTraining, TrainsByAdagrad) { expect_training("adagrad", OptimizerKind::kAdagrad); }
TEST_P(GoldenTraining, TrainsByAdam) { expect_training("adam", OptimizerKind::kAdam); }

const auto kPieceCases = testing::Values(
    Parameters{"A", 1, Direction::kForward}, Parameters{"A", 2, Direction::kBackward},
    Parameters{"A", 3, Direction::kForward}, Parameters{"B", 1, Direction::kForward},
    Parameters{"B", 3, Direction::kBackward});
INSTANTIATE_TEST_SUITE_P(Cases, GoldenLanguageModel, kPieceCases);
INSTANTIATE_TEST_SUITE_P(Cases, GoldenTraining, kPieceCases);
const auto kTiedCases = testing::Values(Parameters{"D", 1, Direction::kForward},
                                        Parameters{"D", 3, Direction::kBackward});
INSTANTIATE_TEST_SUITE_P(Tied, GoldenLanguageModel, kTiedCases);
class TiedTraining : public GoldenLanguageModel {};
TEST_P(TiedTraining, TrainsByAdam) { expect_training("adam", OptimizerKind::kAdam); }
INSTANTIATE_TEST_SUITE_P(Tied, TiedTraining, kTiedCases);
INSTANTIATE_TEST_SUITE_P(Characters, GoldenLanguageModel,
                         testing::Values(Parameters{"C", 1, Direction::kForward},
                                         Parameters{"C", 3, Direction::kBackward}));

}  // namespace
}  // namespace elmo
