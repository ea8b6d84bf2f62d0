#include "nn/embedding.h"

#include <cstring>

namespace elmo {

void EmbeddingLayer::forward(const std::int32_t* ids, std::int64_t count, float* y) const {
  for (std::int64_t i = 0; i < count; ++i) {
    std::memcpy(y + i * width_, row(ids[i]), static_cast<std::size_t>(width_) * sizeof(float));
  }
}

void EmbeddingLayer::backward(const std::int32_t* ids, std::int64_t count, const float* d_y,
                              std::int64_t first, std::int64_t last) {
  for (std::int64_t i = 0; i < count; ++i) {
    float* to = table.gradient.data() + ids[i] * width_;
    const float* from = d_y + i * width_;
    for (std::int64_t k = first; k < last; ++k) to[k] += from[k];
  }
}

}  // namespace elmo
