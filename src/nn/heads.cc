#include "nn/heads.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace elmo {
namespace {

float weight_of(std::int32_t target, std::span<const float> class_weights) {
  if (target < 0) return 0.0f;
  return class_weights.empty() ? 1.0f : class_weights[static_cast<std::size_t>(target)];
}

}  // namespace

float sigmoid(float logit) { return 1.0f / (1.0f + std::exp(-logit)); }

void softmax(const float* logits, std::int64_t rows, std::int64_t classes, float* probabilities) {
  for (std::int64_t i = 0; i < rows; ++i) {
    softmax(std::span(logits + i * classes, static_cast<std::size_t>(classes)),
            probabilities + i * classes);
  }
}

double softmax_cross_entropy(const float* logits, std::int64_t rows, std::int64_t classes,
                             const std::int32_t* targets, std::span<const float> class_weights,
                             float scale, float* d_logits) {
  double total = 0;
  std::vector<double> probabilities(static_cast<std::size_t>(classes));
  for (std::int64_t i = 0; i < rows; ++i) {
    const float* row = logits + i * classes;
    const float weight = weight_of(targets[i], class_weights);
    const double log_sum = softmax(std::span(row, probabilities.size()), probabilities.data());
    if (targets[i] >= 0) total += weight * (log_sum - static_cast<double>(row[targets[i]]));
    if (d_logits == nullptr) continue;
    for (std::int64_t k = 0; k < classes; ++k) {
      const double probability = probabilities[static_cast<std::size_t>(k)];
      d_logits[i * classes + k] =
          scale * weight * static_cast<float>(probability - (k == targets[i] ? 1 : 0));
    }
  }
  return total;
}

double sigmoid_cross_entropy(const float* logits, std::int64_t rows, const std::int32_t* targets,
                             std::span<const float> class_weights, float scale, float* d_logits) {
  double total = 0;
  for (std::int64_t i = 0; i < rows; ++i) {
    const float weight = weight_of(targets[i], class_weights);
    // -log sigma(x) = log(1 + exp(-x)); for class 0, x is negated.
    const double x = targets[i] == 1 ? logits[i] : -static_cast<double>(logits[i]);
    if (targets[i] >= 0) total += weight * (std::log1p(std::exp(-std::abs(x))) - std::min(x, 0.0));
    if (d_logits != nullptr) {
      d_logits[i] = scale * weight * (sigmoid(logits[i]) - (targets[i] == 1 ? 1.0f : 0.0f));
    }
  }
  return total;
}

}  // namespace elmo
