// Plain single-threaded f32 matrix products for small or odd shapes (the language model's own
// products go through compute/matmul.h, packed).
#pragma once

#include <cstdint>

namespace elmo {

// C (m x n) = alpha * op(A) (m x k) * op(B) (k x n) + beta * C, row-major, leading dimensions in
// floats. op is the transpose where the flag is set. oneDNN's sgemm; runs on the calling thread
// alone, so results never depend on the number of threads. The bits of a row may depend on m.
void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k,
          float alpha, const float* a, std::int64_t lda, const float* b, std::int64_t ldb,
          float beta, float* c, std::int64_t ldc);

// y (rows x n) = x (rows x k) W (k x n) + beta * y: a row of y has the same bits for any number
// of rows and at any place among them. Made in tiles of 16 rows, the last one padded.
void multiply_rows(const float* x, std::int64_t ldx, std::int64_t rows, std::int64_t k,
                   const float* w, std::int64_t ldw, std::int64_t n, float beta, float* y,
                   std::int64_t ldy);

}  // namespace elmo
