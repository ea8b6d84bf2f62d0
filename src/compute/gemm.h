// Plain single-threaded f32 matrix product for small or odd shapes (the language model's own
// products go through compute/matmul.h, packed).
#pragma once

#include <cstdint>

namespace elmo {

// C (m x n) = alpha * op(A) (m x k) * op(B) (k x n) + beta * C, row-major, leading dimensions in
// floats. op is the transpose where the flag is set. oneDNN's sgemm; runs on the calling thread
// alone, so results never depend on the number of threads.
void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k,
          float alpha, const float* a, std::int64_t lda, const float* b, std::int64_t ldb,
          float beta, float* c, std::int64_t ldc);

}  // namespace elmo
