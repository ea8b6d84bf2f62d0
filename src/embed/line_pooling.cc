#include "embed/line_pooling.h"

#include <algorithm>
#include <string>
#include <vector>

#include "elmo/error.h"

namespace elmo {

std::string_view line_pooling_name(LinePooling pooling) {
  switch (pooling) {
    case LinePooling::kMean:
      return "mean";
    case LinePooling::kMax:
      return "max";
    case LinePooling::kFirst:
      return "first";
    case LinePooling::kLast:
      break;
  }
  return "last";
}

std::optional<LinePooling> parse_line_pooling(std::string_view name) {
  if (name.empty()) return std::nullopt;
  for (const LinePooling pooling :
       {LinePooling::kMean, LinePooling::kMax, LinePooling::kFirst, LinePooling::kLast}) {
    if (line_pooling_name(pooling) == name) return pooling;
  }
  throw UsageError("pool '" + std::string(name) + "' is not one of mean, max, first, last");
}

void pool_line(LinePooling pooling, std::span<const float> vectors, std::span<float> pooled) {
  const std::size_t width = pooled.size(), words = vectors.size() / width;
  std::fill(pooled.begin(), pooled.end(), 0.0f);
  if (words == 0) return;
  switch (pooling) {
    case LinePooling::kMean: {
      std::vector<double> sum(width, 0.0);
      for (std::size_t word = 0; word < words; ++word) {
        const float* from = vectors.data() + word * width;
        for (std::size_t k = 0; k < width; ++k) sum[k] += from[k];
      }
      for (std::size_t k = 0; k < width; ++k) {
        pooled[k] = static_cast<float>(sum[k] / static_cast<double>(words));
      }
      return;
    }
    case LinePooling::kMax:
      std::copy_n(vectors.begin(), width, pooled.begin());
      for (std::size_t word = 1; word < words; ++word) {
        const float* from = vectors.data() + word * width;
        for (std::size_t k = 0; k < width; ++k) pooled[k] = std::max(pooled[k], from[k]);
      }
      return;
    case LinePooling::kFirst:
      std::copy_n(vectors.begin(), width, pooled.begin());
      return;
    case LinePooling::kLast:
      std::copy_n(vectors.end() - static_cast<std::ptrdiff_t>(width), width, pooled.begin());
      return;
  }
}

}  // namespace elmo
