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
  // `rows` V outcomes, `width` P of the input. `tied`: the weights are another layer's, which gives
  // them wherever they are needed.
  SoftmaxLayer(const std::string& name, std::int64_t rows, std::int64_t width, bool tied = false);

  template <typename F>
  void for_each_parameter(F&& f) {
    if (!tied_) f(weights);
    f(bias);
  }
  Parameter weights;  // (V, P); no rows of a tied one
  Parameter bias;     // (V)

  // log((count + 1) / (sum of the counts + V)): what a softmax without an input would learn, which
  // the first steps are spent on otherwise.
  void set_bias_to_frequency(const std::vector<std::uint64_t>& counts);

  static constexpr int kPackParts = CrossEntropy::kPackParts;
  void prepare(Precision precision, bool training);
  void pack(int part, const Parameter& weights);

  // Negative log-likelihood in nats of each row (x: T, dense, group by group) into `losses`; target
  // -1 gives 0. Nothing is kept.
  template <typename T>
  void losses(const T* x, const std::int32_t* targets, const StreamGroups& groups, double* losses,
              Workers& workers);
  // The same, and the gradients of scale * (sum of the losses): of x into d_x (float, dense),
  // of `weights` and the bias into their gradients (which are overwritten).
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
