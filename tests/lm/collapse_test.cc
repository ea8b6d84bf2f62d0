// States that no longer distinguish words.
#include "lm/collapse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/lm/lm_support.h"
#include "tests/support/files.h"

namespace elmo {
namespace {

class Collapse : public testing::Test {
 protected:
  Collapse() {
    ModelSettings settings;
    settings.layers = 2;
    settings.hidden = 24;
    settings.projection = 16;
    model_ = std::make_unique<LanguageModel>(settings, vocabulary_of(64));
    model_->initialise(3);
    std::string text;
    for (int i = 0; i < 60; ++i) {
      for (int k = 0; k < 12; ++k) {
        text += character(3 + (i * 7 + k * k * 5) % 50) + " ";
      }
      text += "\n";
    }
    put(folder_ / "text", text);
  }
  StateMeasure measure(int threads = 1) {
    Workers workers(threads);
    model_->prepare(Precision::kF32, false);
    model_->pack(workers);
    return measure_states(*model_, Precision::kF32, (folder_ / "text").string(),
                          InvalidText::kRefuse, workers);
  }

  TemporaryFolder folder_;
  std::unique_ptr<LanguageModel> model_;
};

TEST_F(Collapse, AHealthyModelIsNotWarnedOf) {
  const StateMeasure states = measure();
  EXPECT_LT(states.cosine, 0.9);
  EXPECT_EQ(states.clipped, 0);
  EXPECT_EQ(describe_collapse(states), "");
  EXPECT_EQ(measure(2).cosine, states.cosine);
}

TEST_F(Collapse, StatesOnTheirClipsAreTold) {
  for (float& weight : model_->layers[0].projection.value.span()) weight *= 1e4f;
  const StateMeasure states = measure();
  EXPECT_GT(states.clipped, 0.5);
  EXPECT_THAT(describe_collapse(states),
              testing::HasSubstr("of a layer's states are at the clipping bound"));
}

TEST_F(Collapse, StatesThatAreTheSameEverywhereAreTold) {
  // The gates depend on their biases only.
  for (LstmLayer& layer : model_->layers) {
    layer.weights.value.zero();
    for (float& bias : layer.bias.value.span()) bias = 2;
  }
  for (float& value : model_->embedding.table.value.span()) value *= 1e-3f;
  EXPECT_THAT(describe_collapse(measure()),
              testing::HasSubstr("the top layer's states are nearly the same everywhere"));
}

}  // namespace
}  // namespace elmo
