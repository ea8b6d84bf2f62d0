#include "nn/linear.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "compute/kernels.h"

namespace elmo {
namespace {

constexpr std::int64_t kRowGrain = 64;
// Rows of one product of a weight gradient; fixed, so that there are few shapes of products
// whatever the size of a batch.
constexpr std::int64_t kGradientRows = 256;
constexpr std::int64_t kGradientBlock = 64;

}  // namespace

void multiply_rows(const float* x, std::int64_t rows, const PackedMatrix& w, float* y,
                   Workers& workers) {
  workers.run([&](int index) {
    const Part part = part_of(rows, index, workers.count(), kRowGrain);
    multiply(x + part.begin * w.k(), part.end - part.begin, w, y + part.begin * w.n());
  });
}

void add_weight_gradient(const float* d, std::int64_t ld, std::int64_t m, const float* x,
                         std::int64_t n, std::int64_t rows, float* gradient, Workers& workers) {
  const std::int64_t blocks = (rows + kGradientRows - 1) / kGradientRows;
  const std::int64_t rest = rows % kGradientRows, whole = rows - rest;
  std::vector<PackedMatrix> packed(static_cast<std::size_t>(blocks));
  // The last block is padded with zeros.
  AlignedArray<float> d_rest;
  if (rest != 0) {
    d_rest = AlignedArray<float>(static_cast<std::size_t>(kGradientRows * m));
    for (std::int64_t i = 0; i < rest; ++i) {
      std::copy_n(d + (whole + i) * ld, m, d_rest.data() + i * m);
    }
  }
  workers.run([&](int index) {
    const Part part = part_of(blocks, index, workers.count());
    for (std::int64_t block = part.begin; block < part.end; ++block) {
      PackedMatrix& target = packed[static_cast<std::size_t>(block)];
      target = PackedMatrix(kGradientRows, n, Precision::kF32);
      const float* source = x + block * kGradientRows * n;
      AlignedArray<float> filled;
      if (rest != 0 && block == blocks - 1) {
        filled = AlignedArray<float>(static_cast<std::size_t>(kGradientRows * n));
        std::copy_n(source, rest * n, filled.data());
        source = filled.data();
      }
      target.pack(source, n, 1);
    }
  });
  workers.run([&](int index) {
    const Part part = part_of(m, index, workers.count(), kGradientBlock);
    for (std::int64_t block = 0; block < blocks; ++block) {
      const bool last = rest != 0 && block == blocks - 1;
      const float* source = last ? d_rest.data() : d + block * kGradientRows * ld;
      multiply_transposed(source + part.begin, last ? m : ld, part.end - part.begin,
                          packed[static_cast<std::size_t>(block)], gradient + part.begin * n, true);
    }
  });
}

LinearLayer::LinearLayer(const std::string& name, std::int64_t input, std::int64_t output)
    : weights(name + "/weights", {output, input}), bias(name + "/bias", {output}) {}

void LinearLayer::initialise(Initialiser& initialiser) {
  initialiser.glorot(weights);
  bias.value.zero();
}

void LinearLayer::prepare(bool training) {
  packed_ = PackedMatrix(input(), output(), Precision::kF32);
  if (training) packed_back_ = PackedMatrix(output(), input(), Precision::kF32);
  pack();
}

void LinearLayer::pack() {
  packed_.pack(weights.value.data(), 1, input());
  if (packed_back_.bytes() != 0) packed_back_.pack(weights.value.data(), input(), 1);
}

void LinearLayer::forward(const float* x, std::int64_t rows, float* y, Workers& workers) const {
  multiply_rows(x, rows, packed_, y, workers);
  const std::int64_t n = output();
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t k = 0; k < n; ++k) y[i * n + k] += bias.value.data()[k];
  }
}

void LinearLayer::backward(const float* x, const float* d_y, std::int64_t rows, float* d_x,
                           Workers& workers) {
  add_weight_gradient(d_y, output(), output(), x, input(), rows, weights.gradient.data(), workers);
  add_column_sums(d_y, rows, output(), output(), bias.gradient.data());
  if (d_x != nullptr) multiply_rows(d_y, rows, packed_back_, d_x, workers);
}

}  // namespace elmo
