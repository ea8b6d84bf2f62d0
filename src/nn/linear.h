// The dense layer, y = W x + b.
#pragma once

#include <cstdint>
#include <string>

#include "compute/matmul.h"
#include "compute/workers.h"
#include "nn/initialiser.h"
#include "nn/parameter.h"

namespace elmo {

// All matrices are dense. The bits of a row of y or d_x depend on that row alone; those of a
// gradient do not depend on the number of threads.
class LinearLayer {
 public:
  LinearLayer(const std::string& name, std::int64_t input, std::int64_t output);

  template <typename F>
  void for_each_parameter(F&& f) {
    f(weights);
    f(bias);
  }
  Parameter weights;  // (output, input)
  Parameter bias;     // (output)

  std::int64_t input() const { return weights.shape[1]; }
  std::int64_t output() const { return weights.shape[0]; }
  // Weights by Glorot; bias zero.
  void initialise(Initialiser& initialiser);
  // prepare() must be called before the first product, pack() after every change of the weights.
  void prepare(bool training);
  void pack();

  // y (rows x output) from x (rows x input).
  void forward(const float* x, std::int64_t rows, float* y, Workers& workers) const;
  // Adds to the parameters' gradients; writes d_x (rows x input) unless it is null.
  void backward(const float* x, const float* d_y, std::int64_t rows, float* d_x, Workers& workers);

 private:
  PackedMatrix packed_, packed_back_;
};

// gradient (m x n) += d^T x over `rows` rows of d (leading dimension ld) and x (dense, n wide).
// Computed in blocks of fixed size, so that the bits do not depend on the number of threads.
void add_weight_gradient(const float* d, std::int64_t ld, std::int64_t m, const float* x,
                         std::int64_t n, std::int64_t rows, float* gradient, Workers& workers);
// y (rows x w.n()) = x (rows x w.k()) W, both dense; the rows are divided among the workers.
void multiply_rows(const float* x, std::int64_t rows, const PackedMatrix& w, float* y,
                   Workers& workers);

}  // namespace elmo
