// The language model against PyTorch in float64: tests/golden/make_language_model.py made the
// numbers and says what they are.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "compute/workers.h"
#include "io/hdf5.h"
#include "lm/engine.h"
#include "lm/language_model.h"
#include "nn/optimizer.h"
#include "tests/io/io_support.h"
#include "text/vocabulary_training.h"

namespace elmo {
namespace {

class GoldenTest : public testing::TestWithParam<std::string> {
 protected:
  GoldenTest() : file_(h5::File::open(ELMO_GOLDEN)) {}

  std::vector<double> values(const std::string& name, h5::Extents* extents = nullptr) const {
    const h5::Dataset data = file_.open_dataset(GetParam() + "/" + name);
    std::vector<double> result(static_cast<std::size_t>(data.elements()));
    data.read(h5::Type::kFloat64, result.data());
    if (extents != nullptr) *extents = data.extents();
    return result;
  }
  double value(const std::string& name) const { return values(name).at(0); }

  // A model of the case's shape and weights. Its vocabulary has the right number of rows and is
  // not used: windows hold identifiers.
  std::unique_ptr<LanguageModel> model() const {
    h5::Extents table, weights;
    values("weights/token_encoder/embedding", &table);
    values("weights/lstm_0/weights", &weights);
    ModelSettings settings;
    settings.layers = file_.has_dataset(GetParam() + "/weights/lstm_1/weights") ? 2 : 1;
    settings.hidden = static_cast<int>(weights[0] / 4);
    settings.projection = static_cast<int>(table[1]);
    const bool clipped = GetParam() == "A";
    settings.cell_clip = settings.projection_clip = clipped ? 3.0f : 0.0f;
    auto result = std::make_unique<LanguageModel>(settings, vocabulary());
    const auto rows = static_cast<std::int64_t>(table[0]);
    result->embedding = EmbeddingLayer("token_encoder/embedding", rows, settings.projection);
    result->softmax = SoftmaxLayer("softmax", rows, settings.projection);
    set_weights(*result);
    return result;
  }
  void set_weights(LanguageModel& model) const {
    model.for_each_parameter([&](Parameter& parameter) {
      h5::Extents extents;
      const auto numbers = values("weights/" + parameter.name, &extents);
      ASSERT_EQ(extents, parameter.shape) << parameter.name;
      std::copy(numbers.begin(), numbers.end(), parameter.value.data());
    });
  }

  Window window(int k) const {
    const std::string name = "window_" + std::to_string(k) + "/";
    h5::Extents extents;
    Window result;
    for (const double id : values(name + "inputs", &extents)) {
      result.inputs.push_back(static_cast<std::int32_t>(id));
    }
    result.steps = static_cast<int>(extents[0]);
    result.streams = static_cast<int>(extents[1]);
    for (const double id : values(name + "targets")) {
      result.targets.push_back(static_cast<std::int32_t>(id));
      result.predictions += id >= 0;
    }
    for (const double reset : values(name + "resets")) result.resets.push_back(reset != 0);
    return result;
  }

  static std::unique_ptr<Engine> engine(LanguageModel& model, const Window& window,
                                        Workers& workers) {
    model.for_each_parameter([](Parameter& parameter) { parameter.allocate_gradient(); });
    model.prepare(Precision::kF32, true);
    model.pack(workers);
    return make_engine(model, Precision::kF32, {.steps = window.steps, .streams = window.streams},
                       workers);
  }

  // Largest difference, relative to the largest number of the tensor.
  static double difference(const std::vector<double>& expected, const float* found) {
    double largest = 1e-30, most = 0;
    for (const double number : expected) largest = std::max(largest, std::abs(number));
    for (std::size_t i = 0; i < expected.size(); ++i) {
      most = std::max(most, std::abs(expected[i] - static_cast<double>(found[i])));
    }
    return most / largest;
  }

  h5::File file_;

 private:
  static std::shared_ptr<const PieceVocabulary> vocabulary() {
    TemporaryFolder folder;
    std::string text;
    for (int i = 0; i < 500; ++i) text += "one two " + std::to_string(i * i) + " three\n";
    put(folder / "text", text);
    VocabularyOptions options;
    options.size = 300;
    return std::make_shared<const PieceVocabulary>(
        train_vocabulary({(folder / "text").string()}, options, nullptr), "vocabulary");
  }
};

TEST_P(GoldenTest, LossesStatesAndGradients) {
  for (const int threads : {1, 2}) {
    auto model = this->model();
    Workers workers(threads);
    auto engine = this->engine(*model, window(0), workers);
    for (int k = 0; k < 2; ++k) {
      const std::string name = "window_" + std::to_string(k) + "/";
      const double loss = engine->train(window(k), 0);
      EXPECT_NEAR(loss / value(name + "loss"), 1, 1e-5);
      for (int j = 0; j <= model->settings.layers; ++j) {
        const auto layer = j == 0 ? "token_encoder" : "lstm_" + std::to_string(j - 1);
        EXPECT_LT(difference(values(name + "outputs/" + layer), engine->layer_output(j).data()),
                  1e-5)
            << name << layer;
      }
      const auto state = engine->state();
      for (std::size_t j = 0; j < state.size(); ++j) {
        const std::string layer = name + "state/lstm_" + std::to_string(j);
        EXPECT_LT(difference(values(layer + "/h"), state[j].h.data()), 1e-5);
        EXPECT_LT(difference(values(layer + "/c"), state[j].c.data()), 1e-5);
      }
    }
    double squares = 0;
    model->for_each_parameter([&](const Parameter& parameter) {
      EXPECT_LT(difference(values("gradients/" + parameter.name), parameter.gradient.data()), 1e-4)
          << parameter.name;
      for (const float number : parameter.gradient.span()) {
        squares += static_cast<double>(number) * number;
      }
    });
    EXPECT_NEAR(std::sqrt(squares) / value("gradient_norm"), 1, 1e-4);
  }
}

TEST_P(GoldenTest, ThreeUpdates) {
  for (const OptimizerKind kind : {OptimizerKind::kAdagrad, OptimizerKind::kAdam}) {
    const std::string name = std::string(optimizer_name(kind)) + "/";
    auto model = this->model();
    Workers workers(2);
    auto engine = this->engine(*model, window(0), workers);
    std::vector<Parameter*> parameters;
    model->for_each_parameter([&](Parameter& parameter) { parameters.push_back(&parameter); });
    Optimizer optimizer(kind, parameters);
    const auto losses = values(name + "losses"), norms = values(name + "norms");
    for (int k = 0; k < 3; ++k) {
      const auto at = static_cast<std::size_t>(k);
      EXPECT_NEAR(engine->train(window(k), static_cast<std::uint64_t>(k)) / losses[at], 1, 1e-5);
      const double norm =
          optimizer.update(value(name + "learning_rate"), value(name + "clip"), workers);
      EXPECT_NEAR(norm / norms[at], 1, 1e-4);
      model->pack(workers);
    }
    for (const Parameter* parameter : parameters) {
      EXPECT_LT(difference(values(name + "weights/" + parameter->name), parameter->value.data()),
                1e-4)
          << name << parameter->name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, GoldenTest, testing::Values("A", "B"));

}  // namespace
}  // namespace elmo
