// Matrix products by oneDNN: the only place that knows it, 2.6 and 3.x.
//
// Every product runs on the calling thread alone; threads divide the rows of a batch, or fixed
// blocks of an output, among themselves (workers.h). A row of y = x W has the same bits for any
// number of rows and any thread: oneDNN's kernels for AVX2 and AVX-512 hold that by themselves;
// elsewhere products are made in tiles of a few fixed row counts, padded.
//
// All functions may be called by many threads at once; primitives are cached a thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "compute/aligned.h"
#include "compute/precision.h"

namespace elmo {

// W (k x n) in the layout that oneDNN's kernels want.
class PackedMatrix {
 public:
  PackedMatrix() = default;
  PackedMatrix(std::int64_t k, std::int64_t n, Precision precision);

  std::int64_t k() const { return k_; }
  std::int64_t n() const { return n_; }
  Precision precision() const { return precision_; }
  std::size_t bytes() const { return data_.size(); }

  // Packs the whole matrix; element (i, j) at source[i * stride_k + j * stride_n], one of the
  // strides being 1.
  void pack(const float* source, std::int64_t stride_k, std::int64_t stride_n);
  void pack(const Bf16* source, std::int64_t stride_k, std::int64_t stride_n);

  const void* data() const { return data_.data(); }

 private:
  std::int64_t k_ = 0, n_ = 0;
  Precision precision_ = Precision::kF32;
  AlignedArray<unsigned char> data_;
};

// y (rows x n, leading dimension ldy) = x (rows x k, leading dimension ldx) W, or += with
// accumulate. T must be the packed matrix's precision. Fast where ldx = k and ldy = n: oneDNN's
// best kernels take no gaps between rows.
template <typename T>
void multiply(const T* x, std::int64_t ldx, std::int64_t rows, const PackedMatrix& w, float* y,
              std::int64_t ldy, bool accumulate = false);

// y (m x n, dense) = a^T W, where a is (k x m) with leading dimension lda: the weight gradient,
// a = d_z over all steps, W = the packed inputs. With accumulate, +=. Rows of y have the same
// bits however they are divided among calls.
template <typename T>
void multiply_transposed(const T* a, std::int64_t lda, std::int64_t m, const PackedMatrix& w,
                         float* y, bool accumulate = false);

// Name of the kernel that serves a product ("brg:avx512_core_bf16"), for reports.
std::string product_kernel(std::int64_t k, std::int64_t n, Precision precision);
// GFLOP/s of the calling thread with the largest product, 2048 x 2048 by 2048 x 2048, over at least
// `seconds`: the ceiling of what is built of products.
double product_ceiling(Precision precision, double seconds);
// "oneDNN 2.6.3"
std::string product_library();

}  // namespace elmo
