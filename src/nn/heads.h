// Losses and probabilities for a small number of classes. The large softmax of the language model
// is in softmax.h.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

namespace elmo {

// Softmax cross-entropy of `rows` rows of logits (rows x classes, dense). Row i has the weight
// class_weights[target], or 1 if class_weights is empty; 0 if its target is -1. Returns the
// weighted sum of the losses in nats. Writes the gradient times `scale` to d_logits unless that is
// null.
double softmax_cross_entropy(const float* logits, std::int64_t rows, std::int64_t classes,
                             const std::int32_t* targets, std::span<const float> class_weights,
                             float scale, float* d_logits);
// The same for two classes with one logit per row: the probability of class 1 is sigma(logit).
double sigmoid_cross_entropy(const float* logits, std::int64_t rows, const std::int32_t* targets,
                             std::span<const float> class_weights, float scale, float* d_logits);

// The softmax of x (at least one number), computed in T; y may be the same memory. Returns
// log(sum_k e^x_k).
template <typename T>
T softmax(std::span<const float> x, T* y) {
  const T top = *std::ranges::max_element(x);
  T sum = 0;
  for (std::size_t k = 0; k < x.size(); ++k) sum += y[k] = std::exp(static_cast<T>(x[k]) - top);
  for (std::size_t k = 0; k < x.size(); ++k) y[k] /= sum;
  return std::log(sum) + top;
}
// Writes the probabilities (rows x classes) of the logits; both may be the same memory.
void softmax(const float* logits, std::int64_t rows, std::int64_t classes, float* probabilities);
// 1 / (1 + exp(-logit)).
float sigmoid(float logit);

}  // namespace elmo
