// Losses of a few classes, and the probabilities of them. The wide softmax of the language model
// is softmax.h.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

namespace elmo {

// Softmax cross-entropy of `rows` rows of logits (rows x classes, dense). Row i weighs
// class_weights[target] (1 each when empty); target -1 weighs nothing. Returns the weighted sum of
// the losses in nats; writes scale * its gradient to d_logits unless it is null.
double softmax_cross_entropy(const float* logits, std::int64_t rows, std::int64_t classes,
                             const std::int32_t* targets, std::span<const float> class_weights,
                             float scale, float* d_logits);
// Two classes by one logit a row, that of class 1: the same with sigma(logit).
double sigmoid_cross_entropy(const float* logits, std::int64_t rows, const std::int32_t* targets,
                             std::span<const float> class_weights, float scale, float* d_logits);

// The softmax of a few numbers (one or more), in the arithmetic of T; may be the same memory.
// Returns log(sum_k e^x_k).
template <typename T>
T softmax(std::span<const float> x, T* y) {
  const T top = *std::ranges::max_element(x);
  T sum = 0;
  for (std::size_t k = 0; k < x.size(); ++k) sum += y[k] = std::exp(static_cast<T>(x[k]) - top);
  for (std::size_t k = 0; k < x.size(); ++k) y[k] /= sum;
  return std::log(sum) + top;
}
// Probabilities (rows x classes) of logits; may be the same memory.
void softmax(const float* logits, std::int64_t rows, std::int64_t classes, float* probabilities);
// Probability of class 1.
float sigmoid(float logit);

}  // namespace elmo
