#include "nn/softmax.h"

#include <algorithm>
#include <cstring>

#include "compute/kernels.h"

namespace elmo {
namespace {

// Fixed grains of the shared work, so that the bits do not depend on the number of threads.
constexpr std::int64_t kRowGrain = 64;
constexpr std::int64_t kGradientBlock = 1024;

}  // namespace

SoftmaxLayer::SoftmaxLayer(const std::string& name, std::int64_t rows, std::int64_t width)
    : weights(name + "/weights", {rows, width}),
      bias(name + "/bias", {rows}),
      rows_(rows),
      width_(width) {}

void SoftmaxLayer::prepare(Precision precision, bool training) {
  packed_ = PackedMatrix(width_, rows_, precision);
  if (training) packed_back_ = PackedMatrix(rows_, width_, precision);
}

void SoftmaxLayer::pack(int part) {
  if (part == 0) packed_.pack(weights.value.data(), 1, width_);
  if (part == 1 && packed_back_.bytes() != 0) packed_back_.pack(weights.value.data(), width_, 1);
}

template <typename T>
void SoftmaxLayer::losses(const T* x, const std::int32_t* targets, std::int64_t count,
                          double* losses, Workers& workers) {
  if (logits_.size() == 0)
    logits_ = AlignedArray<float>(static_cast<std::size_t>(chunk_rows() * rows_));
  for (std::int64_t from = 0; from < count; from += chunk_rows()) {
    const std::int64_t size = std::min(chunk_rows(), count - from);
    workers.run([&](int index) {
      const Part part = part_of(size, index, workers.count(), kRowGrain);
      multiply(x + (from + part.begin) * width_, width_, part.end - part.begin, packed_,
               logits_.data() + part.begin * rows_, rows_);
      for (std::int64_t i = part.begin; i < part.end; ++i) {
        const std::int32_t target = targets[from + i];
        losses[from + i] = target < 0 ? 0.0
                                      : cross_entropy(logits_.data() + i * rows_, bias.value.data(),
                                                      rows_, target);
      }
    });
  }
}

template <typename T>
void SoftmaxLayer::losses_and_gradients(const T* x, const std::int32_t* targets, std::int64_t count,
                                        float scale, double* losses, float* d_x, Workers& workers) {
  constexpr auto precision = sizeof(T) == 2 ? Precision::kBf16 : Precision::kF32;
  // The gradient of the logits takes their place in f32; Bf16 rows are smaller, and products want
  // rows without gaps, so they have memory of their own.
  constexpr bool kInPlace = sizeof(T) == sizeof(float);
  if (!kInPlace && gradients_.size() == 0) {
    gradients_ = AlignedArray<Bf16>(static_cast<std::size_t>(chunk_rows() * rows_));
  }
  if (logits_.size() == 0)
    logits_ = AlignedArray<float>(static_cast<std::size_t>(chunk_rows() * rows_));
  T* gradients =
      kInPlace ? reinterpret_cast<T*>(logits_.data()) : reinterpret_cast<T*>(gradients_.data());
  const int threads = workers.count();
  bias.gradient.zero();
  for (std::int64_t from = 0; from < count; from += chunk_rows()) {
    const std::int64_t size = std::min(chunk_rows(), count - from);
    if (packed_x_.k() != size) packed_x_ = PackedMatrix(size, width_, precision);
    workers.run([&](int index) {
      if (index == threads - 1) packed_x_.pack(x + from * width_, width_, 1);
      const Part part = part_of(size, index, threads, kRowGrain);
      for (std::int64_t begin = part.begin; begin < part.end; begin += kRowGrain) {
        const std::int64_t end = std::min(part.end, begin + kRowGrain);
        multiply(x + (from + begin) * width_, width_, end - begin, packed_,
                 logits_.data() + begin * rows_, rows_);
        for (std::int64_t i = begin; i < end; ++i) {
          float* row = logits_.data() + i * rows_;
          T* gradient = gradients + i * rows_;
          const std::int32_t target = targets[from + i];
          if (target < 0) {
            losses[from + i] = 0.0;
            std::memset(gradient, 0, static_cast<std::size_t>(rows_) * sizeof(T));
          } else {
            losses[from + i] =
                cross_entropy_gradient(row, bias.value.data(), rows_, target, scale, gradient);
          }
        }
        multiply(gradients + begin * rows_, rows_, end - begin, packed_back_,
                 d_x + (from + begin) * width_, width_);
      }
    });
    workers.run([&](int index) {
      const Part part = part_of(rows_, index, threads, kGradientBlock);
      for (std::int64_t begin = part.begin; begin < part.end; begin += kGradientBlock) {
        const std::int64_t block = std::min(kGradientBlock, part.end - begin);
        multiply_transposed(gradients + begin, rows_, block, packed_x_,
                            weights.gradient.data() + begin * width_, from != 0);
        add_column_sums(gradients + begin, size, block, rows_, bias.gradient.data() + begin);
      }
    });
  }
}

#define ELMO_INSTANTIATE(T)                                                                     \
  template void SoftmaxLayer::losses(const T*, const std::int32_t*, std::int64_t, double*,      \
                                     Workers&);                                                 \
  template void SoftmaxLayer::losses_and_gradients(const T*, const std::int32_t*, std::int64_t, \
                                                   float, double*, float*, Workers&);
ELMO_INSTANTIATE(float)
ELMO_INSTANTIATE(Bf16)
#undef ELMO_INSTANTIATE

}  // namespace elmo
