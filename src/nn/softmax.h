// The output layer: full softmax over V rows with fused cross-entropy.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>

#include "compute/aligned.h"
#include "compute/matmul.h"
#include "compute/workers.h"
#include "nn/parameter.h"

namespace elmo {

class SoftmaxLayer {
 public:
  // `rows` V outcomes, `width` P of the input.
  SoftmaxLayer(const std::string& name, std::int64_t rows, std::int64_t width);

  template <typename F>
  void for_each_parameter(F&& f) {
    f(weights);
    f(bias);
  }
  Parameter weights;  // (V, P)
  Parameter bias;     // (V)

  static constexpr int kPackParts = 2;
  void prepare(Precision precision, bool training);
  void pack(int part);

  // Rows whose logits are in memory at a time; fewer where an evaluation has very many outcomes.
  static constexpr std::int64_t kChunkRows = 256;

  // Negative log-likelihood in nats of each of `count` rows (x: T, dense) into `losses`; target
  // -1 gives 0. Nothing is kept.
  template <typename T>
  void losses(const T* x, const std::int32_t* targets, std::int64_t count, double* losses,
              Workers& workers);
  // The same, and the gradients of scale * (sum of the losses): of x into d_x (float, dense),
  // of the parameters into their gradients (which are overwritten).
  template <typename T>
  void losses_and_gradients(const T* x, const std::int32_t* targets, std::int64_t count,
                            float scale, double* losses, float* d_x, Workers& workers);

 private:
  std::int64_t chunk_rows() const {
    return std::clamp<std::int64_t>((std::int64_t{1} << 24) / rows_, 16, kChunkRows);
  }
  std::int64_t rows_, width_;
  PackedMatrix packed_, packed_back_;
  PackedMatrix packed_x_;
  AlignedArray<float> logits_;    // kChunkRows x V
  AlignedArray<Bf16> gradients_;  // of the logits, in bf16 training
};

}  // namespace elmo
