#include "compute/gemm.h"

#include <omp.h>

#include <dnnl.hpp>

namespace elmo {

void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k,
          float alpha, const float* a, std::int64_t lda, const float* b, std::int64_t ldb,
          float beta, float* c, std::int64_t ldc) {
  // libgomp's setting is the calling thread's own; products never use more than that thread.
  omp_set_num_threads(1);
  dnnl::sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', m, n, k, alpha, a, lda, b, ldb,
              beta, c, ldc);
}

}  // namespace elmo
