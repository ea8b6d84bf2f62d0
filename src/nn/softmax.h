// The output layer: full softmax over V rows with fused cross-entropy.
#pragma once

#include <cstdint>
#include <string>

#include "compute/precision.h"
#include "compute/workers.h"
#include "nn/cross_entropy.h"
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

  static constexpr int kPackParts = CrossEntropy::kPackParts;
  void prepare(Precision precision, bool training);
  void pack(int part);

  // Negative log-likelihood in nats of each row (x: T, dense, group by group) into `losses`; target
  // -1 gives 0. Nothing is kept.
  template <typename T>
  void losses(const T* x, const std::int32_t* targets, const StreamGroups& groups, double* losses,
              Workers& workers);
  // The same, and the gradients of scale * (sum of the losses): of x into d_x (float, dense),
  // of the parameters into their gradients (which are overwritten).
  template <typename T>
  void losses_and_gradients(const T* x, const std::int32_t* targets, const StreamGroups& groups,
                            float scale, double* losses, float* d_x, Workers& workers);

 private:
  CrossEntropy cross_entropy_;
};

}  // namespace elmo
