// Matrix products by oneDNN, versions 2.6 and 3.x. Nothing else includes oneDNN.
//
// Every product runs on the calling thread alone. Callers divide the rows of a batch, or fixed
// blocks of an output, among threads (workers.h). A row of y = x W has the same bits for any number
// of rows, at any place, on any thread, and whatever was multiplied before. oneDNN does not promise
// that; the shapes that matmul.cc requests from it ensure it, and compute_matmul_test checks it for
// every shape in use, on every instruction set of the machine.
//
// On a CPU without bf16 instructions, bf16 products are computed in f32 from the same rounded
// operands, which costs a conversion. The caller's OpenMP settings are left unchanged.
//
// All functions are thread-safe; each thread caches its own oneDNN primitives.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compute/aligned.h"
#include "compute/precision.h"

namespace elmo {

// The rows of a matrix in `count` runs of `rows` rows each; the runs begin `stride` elements apart.
struct Runs {
  std::int64_t count, rows, stride;
};

// W (k x n) in the layout that oneDNN's kernels need.
class PackedMatrix {
 public:
  PackedMatrix() = default;
  PackedMatrix(std::int64_t k, std::int64_t n, Precision precision);

  std::int64_t k() const { return k_; }
  std::int64_t n() const { return n_; }
  Precision precision() const { return precision_; }
  std::size_t bytes() const { return data_.size(); }

  // Packs the whole matrix, rounded to its precision. Element (i, j) is source[i * stride_k + j *
  // stride_n]; one of the strides must be 1.
  void pack(const float* source, std::int64_t stride_k, std::int64_t stride_n);
  void pack(const Bf16* source, std::int64_t stride_k, std::int64_t stride_n);
  // The same for dense rows that lie in runs and number k in all.
  void pack(const float* source, const Runs& runs);
  void pack(const Bf16* source, const Runs& runs);

 private:
  friend class Products;
  // Rows [first, first + size) of W, the operand of one oneDNN call.
  struct Slice {
    std::int64_t first, size;
    std::size_t offset;  // bytes into data_
  };

  std::int64_t k_ = 0, n_ = 0;
  std::int64_t columns_ = 0;  // n, or the least number of columns that a product takes
  Precision precision_ = Precision::kF32;
  std::vector<Slice> slices_;
  AlignedArray<unsigned char> data_;
};

// y (rows x n) = x (rows x k) W, or y += x W with `accumulate`; x and y are dense. T must match the
// packed matrix's precision.
template <typename T>
void multiply(const T* x, std::int64_t rows, const PackedMatrix& w, float* y,
              bool accumulate = false);

// y (m x n, dense) = a^T W, or += with `accumulate`. The k rows of `a` (m wide, leading dimension
// lda) lie in runs. For weight gradients: a = d_z, W = the packed inputs. A row of y has the same
// bits however the rows are divided among calls.
template <typename T>
void multiply_transposed(const T* a, std::int64_t lda, const Runs& runs, std::int64_t m,
                         const PackedMatrix& w, float* y, bool accumulate = false);
// The same for k rows in one run.
template <typename T>
void multiply_transposed(const T* a, std::int64_t lda, std::int64_t m, const PackedMatrix& w,
                         float* y, bool accumulate = false) {
  multiply_transposed(a, lda, {1, w.k(), 0}, m, w, y, accumulate);
}

// oneDNN's name of the kernel that computes a product ("brg:avx512_core_bf16"), for reports only.
std::string product_kernel(std::int64_t k, std::int64_t n, Precision precision);
// The speed, in GFLOP/s, of the calling thread with the largest product (2048 x 2048 by 2048 x 2048
// in one call of oneDNN), measured for at least `seconds`: the upper bound for everything that
// consists of products.
double product_ceiling(Precision precision, double seconds);
// "oneDNN 2.6.3"
std::string product_library();

}  // namespace elmo
