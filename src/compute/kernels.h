// The vectorised passes between matrix products. Each runs on the calling thread; the vector
// width is chosen at run time (Highway). T is float or Bf16: how activations are stored.
//
// H cells, V softmax rows. sigma(x) = 1 / (1 + exp(-x)); tanh(x) = 2 sigma(2x) - 1; both within
// 3e-7 of the exact value.
#pragma once

#include <cstdint>

#include "compute/precision.h"

namespace elmo {

// Some cells of one row of an LSTM step: `z` (4 x cells) holds their [x; h] W^T in the order i, j,
// f, o; `bias` (4 x cells) is added, its forget part raised by 1 already (ELMo's forget bias).
// Writes the activated gates in the same order (float gates may be the memory of z; null where they
// are not wanted), the cell c = clip(f c_previous + i j) and m = o tanh(c), to be projected; c may
// be c_previous. Source: Sak et al. 2014 with the clips of bilm-tf; cell_clip 0 is none.
template <typename T>
void lstm_cell_forward(const float* z, const float* bias, const float* c_previous, float cell_clip,
                       std::int64_t cells, T* gates, float* c, T* m);

// Its backward. d_m (cells) comes in; d_c (cells) holds the gradient of c from the step after and
// leaves as the gradient of c_previous. `gates` (4 x cells) leave as the gradient of z. No gradient
// passes where c lies on its clip.
template <typename T>
void lstm_cell_backward(const float* d_m, const float* c_previous, const float* c, float cell_clip,
                        std::int64_t cells, T* gates, float* d_c);

// values[i] = sigma(values[i]), tanh(values[i]); the bits do not depend on where in the array a
// value stands.
void apply_sigmoid(float* values, std::int64_t size);
void apply_tanh(float* values, std::int64_t size);

// The largest of logits[i] + bias[i]; size at least 1.
float largest_sum(const float* logits, const float* bias, std::int64_t size);
// Some columns of a softmax's row.
struct SoftmaxPart {
  float top;   // the largest logit, bias and shift counted in
  double sum;  // of the exponentials
};
// exp(logits[i] + bias[i] - shift) into `exps`, which may be null. An exponent is held to [-87,
// 87], so `top` says whether the shift was high enough.
template <typename T>
SoftmaxPart softmax_part(const float* logits, const float* bias, float shift, std::int64_t size,
                         T* exps);

// destination[i] = factor * source[i], which may be the same memory.
void scale_values(const float* source, float factor, std::int64_t size, float* destination);
void scale_values(const float* source, float factor, std::int64_t size, Bf16* destination);

// values[i] *= decisions[i] < threshold ? 0 : keep.
void drop_values(float* values, const std::uint16_t* decisions, std::int64_t size,
                 std::uint16_t threshold, float keep);

// to[i] += values[i].
void add_values(const float* values, std::int64_t size, float* to);

// destination[i] = source[i] in T.
void convert(const float* source, std::int64_t size, float* destination);
void convert(const float* source, std::int64_t size, Bf16* destination);

// Two rows of `size` numbers to pairs (a[j], b[j]) in bf16, `block` pairs in a row and the next
// block `stride` pairs behind the one before; b may be null: zeros.
void interleave_rows(const float* a, const float* b, std::int64_t size, std::int64_t block,
                     std::int64_t stride, Bf16* pairs);
void interleave_rows(const Bf16* a, const Bf16* b, std::int64_t size, std::int64_t block,
                     std::int64_t stride, Bf16* pairs);

// sums[j] += sum over rows of matrix[i * ld + j], rows in order, j < columns.
template <typename T>
void add_column_sums(const T* matrix, std::int64_t rows, std::int64_t columns, std::int64_t ld,
                     float* sums);

// The same with row i counted weights[i] times.
template <typename T>
void add_column_sums(const T* matrix, const float* weights, std::int64_t rows, std::int64_t columns,
                     std::int64_t ld, float* sums);

// Sum of squares, in double over lanes of fixed order.
double sum_of_squares(const float* values, std::int64_t size);

// Adagrad: a += g^2; w -= rate g / (sqrt(a) + epsilon), g = scale * gradient.
// Duchi et al. 2011, as PyTorch has it.
void adagrad_update(float* weights, const float* gradient, float* accumulator, std::int64_t size,
                    float scale, float rate, float epsilon);
// Adam (Kingma and Ba 2015): `rate` and the corrections 1 - beta^t are given by the caller.
void adam_update(float* weights, const float* gradient, float* mean, float* variance,
                 std::int64_t size, float scale, float rate, float beta1, float beta2,
                 float epsilon, float correction1, float correction2);

}  // namespace elmo
