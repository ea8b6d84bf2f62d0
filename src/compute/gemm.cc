#include "compute/gemm.h"

#include <omp.h>

#include <algorithm>
#include <dnnl.hpp>
#include <vector>

namespace elmo {
namespace {

// Kernels choose how to cut a product by its row count, and so the order of a row's additions;
// a fixed count leaves them no choice. 16 rows come within a tenth of the speed of many.
constexpr std::int64_t kTileRows = 16;

// While one lives, this thread's products use this thread alone (libgomp's setting is a
// thread's own).
class OneThread {
 public:
  OneThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~OneThread() { omp_set_num_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

void multiply(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k,
              float alpha, const float* a, std::int64_t lda, const float* b, std::int64_t ldb,
              float beta, float* c, std::int64_t ldc) {
  dnnl::sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', m, n, k, alpha, a, lda, b, ldb,
              beta, c, ldc);
}

}  // namespace

void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k,
          float alpha, const float* a, std::int64_t lda, const float* b, std::int64_t ldb,
          float beta, float* c, std::int64_t ldc) {
  if (m == 0 || n == 0) return;
  const OneThread one_thread;
  multiply(transpose_a, transpose_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

void multiply_rows(const float* x, std::int64_t ldx, std::int64_t rows, std::int64_t k,
                   const float* w, std::int64_t ldw, std::int64_t n, float beta, float* y,
                   std::int64_t ldy) {
  const OneThread one_thread;
  const std::int64_t whole = rows / kTileRows * kTileRows;
  for (std::int64_t i = 0; i < whole; i += kTileRows) {
    multiply(false, false, kTileRows, n, k, 1.0f, x + i * ldx, ldx, w, ldw, beta, y + i * ldy, ldy);
  }
  if (whole == rows) return;
  // Scratch kept by the thread: recurrent layers come here at every step.
  static thread_local std::vector<float> tile_x, tile_y;
  tile_x.assign(static_cast<std::size_t>(kTileRows * k), 0.0f);
  tile_y.assign(static_cast<std::size_t>(kTileRows * n), 0.0f);
  for (std::int64_t i = whole; i < rows; ++i) {
    std::copy_n(x + i * ldx, k, tile_x.data() + (i - whole) * k);
    if (beta != 0) std::copy_n(y + i * ldy, n, tile_y.data() + (i - whole) * n);
  }
  multiply(false, false, kTileRows, n, k, 1.0f, tile_x.data(), k, w, ldw, beta, tile_y.data(), n);
  for (std::int64_t i = whole; i < rows; ++i) {
    std::copy_n(tile_y.data() + (i - whole) * n, n, y + i * ldy);
  }
}

}  // namespace elmo
