// The output layer: full softmax over V rows with fused cross-entropy.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compute/precision.h"
#include "compute/workers.h"
#include "nn/cross_entropy.h"
#include "nn/parameter.h"

namespace elmo {

class SoftmaxLayer {
 public:
  // `rows` is V, the number of outcomes; `width` is P, the dimension of the input. If `tied`, the
  // weights belong to another layer and are passed to pack() and losses_and_gradients().
  SoftmaxLayer(const std::string& name, std::int64_t rows, std::int64_t width, bool tied = false);

  template <typename F>
  void for_each_parameter(F&& f) {
    if (!tied_) f(weights);
    f(bias);
  }
  Parameter weights;  // (V, P); empty if tied
  Parameter bias;     // (V)

  // Sets the bias to log((count + 1) / (sum of the counts + V)): what a softmax without an input
  // would learn. Otherwise the first training steps would be spent on learning it.
  void set_bias_to_frequency(const std::vector<std::uint64_t>& counts);

  // prepare() allocates the packed weights. pack() fills one of kPackParts parts of them, and must
  // be repeated for every part when weights change; `weights` is this layer's, or the other layer's
  // if tied.
  static constexpr int kPackParts = CrossEntropy::kPackParts;
  void prepare(Precision precision, bool training);
  void pack(int part, const Parameter& weights);

  // Writes the negative log-likelihood of each row, in nats, to `losses`; 0 where the target is -1.
  // x has type T and is dense, ordered by group. Nothing is kept.
  template <typename T>
  void losses(const T* x, const std::int32_t* targets, const StreamGroups& groups, double* losses,
              Workers& workers);
  // The same, and the gradients of scale * (sum of the losses): that of x goes to d_x (float,
  // dense), those of `weights` and the bias to their gradients, which are overwritten.
  template <typename T>
  void losses_and_gradients(const T* x, const std::int32_t* targets, const StreamGroups& groups,
                            float scale, Parameter& weights, double* losses, float* d_x,
                            Workers& workers);

 private:
  std::int64_t width_;
  bool tied_;
  CrossEntropy cross_entropy_;
};

}  // namespace elmo
