// The vectorised elementwise passes between matrix products. Each runs on the calling thread; the
// vector width is chosen at run time (Highway). T is the type in which activations are stored:
// float or Bf16.
//
// sigma(x) = 1 / (1 + exp(-x)); tanh(x) = 2 sigma(2x) - 1; both are within 3e-7 of the exact value,
// or, where results are in bf16 and the CPU has AVX-512, within 1.3e-4: bf16 itself rounds by 2e-3.
#pragma once

#include <cstdint>

#include "compute/precision.h"

namespace elmo {

// One LSTM step for some cells of one row. `z` (4 x cells) holds their [x; h] W^T in the order i,
// j, f, o. `bias` (4 x cells) is added; ELMo's forget bias of 1 must already be in it. Writes the
// activated gates in the same order, the cell c = clip(f c_previous + i j), and m = o tanh(c), the
// input of the projection. `gates` may be null if they are not needed, or the memory of z if T is
// float; c may be c_previous. cell_clip 0 means no clipping. Source: Sak et al. 2014, with clipping
// as in bilm-tf.
template <typename T>
void lstm_cell_forward(const float* z, const float* bias, const float* c_previous, float cell_clip,
                       std::int64_t cells, T* gates, float* c, T* m);

// The backward pass of lstm_cell_forward(). d_m (cells) is the gradient of m. d_c (cells) holds the
// gradient of c from the following step and is replaced by the gradient of c_previous. `gates` (4 x
// cells) are replaced by the gradient of z. Where c was clipped, no gradient passes.
template <typename T>
void lstm_cell_backward(const float* d_m, const float* c_previous, const float* c, float cell_clip,
                        std::int64_t cells, T* gates, float* d_c);

// values[i] = sigma(values[i]) or tanh(values[i]); the result's bits do not depend on the index i.
void apply_sigmoid(float* values, std::int64_t size);
void apply_tanh(float* values, std::int64_t size);

// The largest of logits[i] + bias[i]; size at least 1.
float largest_sum(const float* logits, const float* bias, std::int64_t size);
// The statistics of some columns of one row of a softmax.
struct SoftmaxPart {
  float top;   // the largest logit + bias - shift
  double sum;  // of exp(logit + bias - shift)
};
// Writes exp(logits[i] + bias[i] - shift) to `exps` unless that is null. Exponents above 87
// count as 87, and those below -87 give 0 or exp(-87); `top` tells whether the shift was large
// enough.
template <typename T>
SoftmaxPart softmax_part(const float* logits, const float* bias, float shift, std::int64_t size,
                         T* exps);

// destination[i] = factor * source[i]; both may be the same memory.
void scale_values(const float* source, float factor, std::int64_t size, float* destination);
void scale_values(const float* source, float factor, std::int64_t size, Bf16* destination);

// values[i] *= decisions[i] < threshold ? 0 : keep.
void drop_values(float* values, const std::uint16_t* decisions, std::int64_t size,
                 std::uint16_t threshold, float keep);

// to[i] += values[i].
void add_values(const float* values, std::int64_t size, float* to);

// Copies, converting to the type of `destination`.
void convert(const float* source, std::int64_t size, float* destination);
void convert(const float* source, std::int64_t size, Bf16* destination);

// Interleaves two rows of `size` numbers into pairs (a[j], b[j]) in bf16. `block` pairs are
// contiguous; each block begins `stride` pairs after the one before. If b is null, zeros take its
// place.
void interleave_rows(const float* a, const float* b, std::int64_t size, std::int64_t block,
                     std::int64_t stride, Bf16* pairs);
void interleave_rows(const Bf16* a, const Bf16* b, std::int64_t size, std::int64_t block,
                     std::int64_t stride, Bf16* pairs);

// sums[j] += sum over i of matrix[i * ld + j], for j < columns; the rows are added in order.
template <typename T>
void add_column_sums(const T* matrix, std::int64_t rows, std::int64_t columns, std::int64_t ld,
                     float* sums);

// The same with row i multiplied by weights[i].
template <typename T>
void add_column_sums(const T* matrix, const float* weights, std::int64_t rows, std::int64_t columns,
                     std::int64_t ld, float* sums);

// The sum of squares, accumulated in double over lanes in a fixed order.
double sum_of_squares(const float* values, std::int64_t size);

// Adagrad: a += g^2; w -= rate g / (sqrt(a) + epsilon), where g = scale * gradient. Source: Duchi
// et al. 2011; epsilon is placed as in PyTorch.
void adagrad_update(float* weights, const float* gradient, float* accumulator, std::int64_t size,
                    float scale, float rate, float epsilon);
// Adam (Kingma and Ba 2015); g = scale * gradient. correction1 and correction2 are 1 - beta1^t and
// 1 - beta2^t.
void adam_update(float* weights, const float* gradient, float* mean, float* variance,
                 std::int64_t size, float scale, float rate, float beta1, float beta2,
                 float epsilon, float correction1, float correction2);

}  // namespace elmo
