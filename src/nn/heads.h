// Losses of a few classes, and the probabilities of them. The wide softmax of the language model
// is softmax.h.
#pragma once

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

// Probabilities (rows x classes) of logits; may be the same memory.
void softmax(const float* logits, std::int64_t rows, std::int64_t classes, float* probabilities);
// Probability of class 1.
float sigmoid(float logit);

}  // namespace elmo
