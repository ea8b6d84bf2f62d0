// Sampled softmax: training of a softmax over many outcomes.
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

// Distinct outcomes, which must be numbered by decreasing frequency: outcome k has the probability
// (log(k + 2) - log(k + 1)) / log(V + 1). Draws until there are `count`.
struct LogUniformSample {
  LogUniformSample(std::int64_t outcomes, std::size_t count, const Random& random);
  // The log of an outcome's expected number of occurrences in the sample, 1 - (1 - P)^tries.
  double log_expected(std::int32_t outcome) const;

  std::vector<std::int32_t> chosen;

 private:
  double outcomes_;
  std::uint64_t tries_ = 0;
};

// Jean et al. 2015, as in bilm-tf: a softmax over the target and S samples that all rows share. The
// log of an outcome's expected count is subtracted from its logit; a sample that is the row's
// target is left out. Works on the parameters of a SoftmaxLayer, whose gradients become sparse
// (Parameter::touched).
class SampledSoftmax {
 public:
  // `samples` is less than the number of outcomes. `slices` is given if several processes share the
  // layer.
  SampledSoftmax(SoftmaxLayer& layer, std::int64_t samples, Precision precision,
                 Slices* slices = nullptr);

  // Like SoftmaxLayer::losses_and_gradients(), for a sample; the losses do not give a perplexity.
  // `groups` and `targets` are the whole batch's; x, losses and d_x belong to this process's
  // groups. The gradients are sums over the batch, in the rows that this process owns. Collective
  // if there are slices.
  template <typename T>
  void losses_and_gradients(const T* x, const std::int32_t* targets, const StreamGroups& groups,
                            float scale, const LogUniformSample& sample, double* losses, float* d_x,
                            Workers& workers);

 private:
  void gather(const LogUniformSample& sample);
  // Sums the subtrees' gradients and copies the rows that this process owns to their places.
  void scatter(const StreamGroups& groups, const std::vector<std::int32_t>& chosen,
               Workers& workers);
  // One row's contribution to the gradient of its target: d times x.
  template <typename T>
  struct TargetShare {
    std::int32_t target;
    float d;
    const T* x;
  };
  // The contributions to the targets that this process owns, in the order of the batch's rows;
  // `memory` holds those that came from other processes.
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
  AlignedArray<float> rows_, bias_;  // the samples' weights (samples x P) and biases
  std::vector<AlignedArray<float>> d_rows_, d_bias_;  // their gradients, for each subtree
  std::vector<float> target_logits_, d_target_logits_;
  std::vector<std::int32_t> hits_;  // the sample that is a row's target, or -1
};

}  // namespace elmo
