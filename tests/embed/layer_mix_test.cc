#include "embed/layer_mix.h"

#include <gmock/gmock.h>

#include <cmath>

#include "elmo/error.h"

namespace elmo {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(LayerMix, AllHasARowALayer) {
  const LayerMix mix = LayerMix::parse("all", 3);
  EXPECT_THAT(mix.weights,
              ElementsAre(ElementsAre(1, 0, 0), ElementsAre(0, 1, 0), ElementsAre(0, 0, 1)));
  EXPECT_TRUE(mix.layered);
  EXPECT_EQ(mix.name, "all");
  // Even if there is only one layer.
  EXPECT_TRUE(LayerMix::parse("all", 1).layered);
}

TEST(LayerMix, TopAverageAndOneLayerHaveNoAxis) {
  EXPECT_THAT(LayerMix::parse("top", 3).weights, ElementsAre(ElementsAre(0, 0, 1)));
  EXPECT_THAT(LayerMix::parse("average", 4).weights,
              ElementsAre(ElementsAre(0.25f, 0.25f, 0.25f, 0.25f)));
  EXPECT_THAT(LayerMix::parse("1", 3).weights, ElementsAre(ElementsAre(0, 1, 0)));
  for (const char* const text : {"top", "average", "1"}) {
    EXPECT_FALSE(LayerMix::parse(text, 3).layered) << text;
    EXPECT_EQ(LayerMix::parse(text, 3).name, text);
  }
}

TEST(LayerMix, AListKeepsItsOrder) {
  const LayerMix mix = LayerMix::parse("2,0", 3);
  EXPECT_THAT(mix.weights, ElementsAre(ElementsAre(0, 0, 1), ElementsAre(1, 0, 0)));
  EXPECT_TRUE(mix.layered);
}

TEST(LayerMix, RefusesWhatNamesNoLayers) {
  const auto error = [](const char* text) -> std::string {
    try {
      LayerMix::parse(text, 3);
    } catch (const UsageError& failed) {
      return failed.what();
    }
    return "no error";
  };
  EXPECT_EQ(error("3"), "layers names layer 3, the model has 0 to 2");
  EXPECT_EQ(error("1,0,1"), "layers names layer 1 twice");
  for (const char* const text : {"", "bottom", "-1", "0,", "0 1", "All"}) {
    EXPECT_THAT(error(text), HasSubstr("neither all, top, average, mix nor a list")) << text;
  }
}

// gamma * softmax(w) does not change if a constant is added to w.
TEST(LayerMix, AScalarMixIsASoftmax) {
  const LayerMix mix = LayerMix::scalar_mix({0.5f, -1.0f, 2.0f}, 3.0f, true, 3);
  const double sum = std::exp(0.5) + std::exp(-1.0) + std::exp(2.0);
  ASSERT_EQ(mix.rows(), 1);
  EXPECT_NEAR(mix.weights[0][0], 3 * std::exp(0.5) / sum, 1e-6);
  EXPECT_NEAR(mix.weights[0][2], 3 * std::exp(2.0) / sum, 1e-6);
  EXPECT_TRUE(mix.layer_norm);
  EXPECT_FALSE(mix.layered);
  const LayerMix moved = LayerMix::scalar_mix({1000.5f, 999.0f, 1002.0f}, 3.0f, false, 3);
  for (std::size_t j = 0; j < 3; ++j) {
    EXPECT_NEAR(mix.weights[0][j], moved.weights[0][j], 1e-6);
  }
  EXPECT_THROW(LayerMix::scalar_mix({1.0f}, 1, false, 3), Error);
}

}  // namespace
}  // namespace elmo
