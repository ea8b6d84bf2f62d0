// Sampled softmax: training of a softmax with many outcomes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compute/aligned.h"
#include "compute/random.h"
#include "compute/workers.h"
#include "nn/cross_entropy.h"
#include "nn/slices.h"
#include "nn/softmax.h"

namespace elmo {

// Distinct outcomes by falling frequency: outcome k with probability
// (log(k + 2) - log(k + 1)) / log(V + 1), drawn until there are enough.
struct LogUniformSample {
  LogUniformSample(std::int64_t outcomes, std::size_t count, const Random& random);
  // log of the number of times that an outcome was to be expected: 1 - (1 - P)^tries.
  double log_expected(std::int32_t outcome) const;

  std::vector<std::int32_t> chosen;

 private:
  double outcomes_;
  std::uint64_t tries_ = 0;
};

// Jean et al. 2015, as bilm-tf has it: the target among S samples that all rows share, each logit
// less the log of its outcome's expected count; a sample that is the row's target is left out.
// Works on the parameters of a SoftmaxLayer, whose gradients become sparse (Parameter::touched).
class SampledSoftmax {
 public:
  // `samples` below the layer's outcomes. slices: where several processes share the layer.
  SampledSoftmax(SoftmaxLayer& layer, std::int64_t samples, Precision precision,
                 Slices* slices = nullptr);

  // As SoftmaxLayer::losses_and_gradients(), for a sample; the losses are no perplexity. `groups`
  // and `targets` are the batch's; x, losses and d_x are of this process's groups. The gradients
  // are sums over the batch, in the rows that this process owns.
  template <typename T>
  void losses_and_gradients(const T* x, const std::int32_t* targets, const StreamGroups& groups,
                            float scale, const LogUniformSample& sample, double* losses, float* d_x,
                            Workers& workers);

 private:
  void gather(const LogUniformSample& sample);
  // Sums what the subtrees gave, and puts the rows that this process owns in their places.
  void scatter(const StreamGroups& groups, const std::vector<std::int32_t>& chosen,
               Workers& workers);
  // The gradient of a row's target: d times x.
  template <typename T>
  struct TargetShare {
    std::int32_t target;
    float d;
    const T* x;
  };
  // Those of the targets that this process owns, in the order of the batch's rows; `memory` holds
  // what came from others.
  template <typename T>
  std::vector<TargetShare<T>> target_shares(const T* x, const std::int32_t* targets,
                                            const StreamGroups& groups,
                                            std::vector<std::byte>& memory);
  bool owns(std::int32_t outcome) const {
    return processes_.rank() ==
           (slices_ == nullptr ? 0 : slices_->owner_of_row(layer_.weights, outcome));
  }
  void forget(std::span<const std::int32_t> targets, const std::vector<std::int32_t>& chosen);

  SoftmaxLayer& layer_;
  std::int64_t width_;
  CrossEntropy cross_entropy_;
  Slices* slices_;
  Processes& processes_;
  AlignedArray<float> rows_, bias_;  // of the samples: weights (samples x P) and biases
  std::vector<AlignedArray<float>> d_rows_, d_bias_;  // their gradients, of a subtree each
  std::vector<float> target_logits_, d_target_logits_;
  std::vector<std::int32_t> hits_;  // the sample that is a row's target, -1
};

}  // namespace elmo
