#include "nn/projected_embedding.h"

#include <algorithm>
#include <cstddef>

#include "compute/kernels.h"

namespace elmo {

ProjectedEmbedding::ProjectedEmbedding(const std::string& name, std::int64_t rows,
                                       std::int64_t width, std::int64_t projection_width,
                                       bool has_bias)
    : table(name, {rows, width}),
      projection(name + "_projection", {width, projection_width}),
      has_bias_(has_bias) {
  if (has_bias) bias = Parameter(name + "_bias", {projection_width});
}

void ProjectedEmbedding::prepare(Precision precision) {
  packed_ = PackedMatrix(projection.shape[0], projection.shape[1], precision);
}

void ProjectedEmbedding::pack() { packed_.pack(projection.value.data(), projection.shape[1], 1); }

void ProjectedEmbedding::forward(const std::int32_t* ids, std::int64_t count, float* y,
                                 Scratch& scratch) const {
  const std::int64_t width = packed_.k(), p = packed_.n();
  const auto size = static_cast<std::size_t>(count * width);
  if (scratch.vectors.size() < size) scratch.vectors = AlignedArray<float>(size);
  for (std::int64_t i = 0; i < count; ++i) {
    std::copy_n(table.value.data() + ids[i] * width, width, scratch.vectors.data() + i * width);
    if (has_bias_) std::copy_n(bias.value.data(), p, y + i * p);
  }
  if (packed_.precision() == Precision::kF32) {
    multiply(scratch.vectors.data(), count, packed_, y, true);
    return;
  }
  if (scratch.operand.size() < size) scratch.operand = AlignedArray<Bf16>(size);
  convert(scratch.vectors.data(), count * width, scratch.operand.data());
  multiply(scratch.operand.data(), count, packed_, y, true);
}

}  // namespace elmo
