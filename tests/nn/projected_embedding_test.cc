#include "nn/projected_embedding.h"

#include <gtest/gtest.h>

#include <tuple>
#include <vector>

#include "compute/random.h"
#include "tests/support/precisions.h"

namespace elmo {
namespace {

constexpr std::int64_t kRows = 7, kWidth = 9, kProjection = 20;

class ProjectedEmbeddingTest : public testing::TestWithParam<std::tuple<Precision, bool>> {};

TEST_P(ProjectedEmbeddingTest, IsARowTimesTheProjection) {
  const auto [precision, has_bias] = GetParam();
  ProjectedEmbedding layer("words", kRows, kWidth, kProjection, has_bias);
  const Random random(1, RandomUse::kInitialise);
  std::uint64_t n = 0;
  layer.for_each_parameter([&](Parameter& parameter) {
    for (float& value : parameter.value.span()) value = random.normal(n++);
  });
  layer.prepare(precision);
  layer.pack();
  std::vector<std::int32_t> ids;
  for (int i = 0; i < 100; ++i) ids.push_back(i * i % static_cast<int>(kRows));
  std::vector<float> y(ids.size() * kProjection, 0.25f);
  ProjectedEmbedding::Scratch scratch;
  layer.forward(ids.data(), static_cast<std::int64_t>(ids.size()), y.data(), scratch);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    std::vector<float> one(kProjection, 0.25f);
    layer.forward(&ids[i], 1, one.data(), scratch);
    for (std::size_t k = 0; k < kProjection; ++k) {
      double sum = has_bias ? layer.bias.value[k] : 0.25;
      for (std::size_t d = 0; d < kWidth; ++d) {
        sum +=
            static_cast<double>(layer.table.value[static_cast<std::size_t>(ids[i]) * kWidth + d]) *
            layer.projection.value[d * kProjection + k];
      }
      EXPECT_NEAR(y[i * kProjection + k], sum, precision == Precision::kF32 ? 1e-5 : 0.1);
      EXPECT_EQ(one[k], y[i * kProjection + k]) << "in other company";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Precisions, ProjectedEmbeddingTest,
                         testing::Combine(testing::ValuesIn(kPrecisions), testing::Bool()));

}  // namespace
}  // namespace elmo
