#include "nn/embedding.h"

#include <gtest/gtest.h>

#include <vector>

#include "compute/random.h"

namespace elmo {
namespace {

// The layer is linear in its table, so differences of any size are exact except for rounding.
TEST(Embedding, GradientsAreThoseOfDifferences) {
  constexpr std::int64_t kRows = 6, kWidth = 5;
  const std::vector<std::int32_t> ids = {3, 0, 3, 5, 3};
  const auto count = static_cast<std::int64_t>(ids.size());
  EmbeddingLayer layer("embedding", kRows, kWidth);
  layer.table.allocate_gradient();
  const Random random(1, RandomUse::kInitialise);
  std::uint64_t n = 0;
  for (float& value : layer.table.value.span()) value = random.normal(n++);
  std::vector<float> weight(ids.size() * kWidth), y(weight.size());
  for (float& value : weight) value = random.normal(n++);
  const auto objective = [&] {
    layer.forward(ids.data(), count, y.data());
    double sum = 0;
    for (std::size_t i = 0; i < y.size(); ++i) sum += static_cast<double>(weight[i]) * y[i];
    return sum;
  };
  const double before = objective();
  EXPECT_EQ(y[2 * kWidth + 1], layer.row(3)[1]);
  // Threads share the columns.
  layer.backward(ids.data(), count, weight.data(), 0, 2);
  layer.backward(ids.data(), count, weight.data(), 2, kWidth);
  for (std::size_t i = 0; i < layer.table.value.size(); ++i) {
    const float kept = layer.table.value[i];
    layer.table.value[i] = kept + 1;
    EXPECT_NEAR(layer.table.gradient[i], objective() - before, 1e-5) << i;
    layer.table.value[i] = kept;
  }
}

}  // namespace
}  // namespace elmo
