#include "nn/sampled_softmax.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

namespace elmo {
LogUniformSample::LogUniformSample(std::int64_t outcomes, std::size_t count, const Random& random)
    : outcomes_(static_cast<double>(outcomes)) {
  std::unordered_set<std::int32_t> seen;
  const double range = std::log(outcomes_ + 1);
  while (chosen.size() < count) {
    // 48 bits: rare outcomes lie close together.
    const auto r = random.at(tries_++);
    const double u = (r[0] + 0x1p-16 * (r[1] >> 16)) * 0x1p-32;
    const auto outcome = std::min(static_cast<std::int32_t>(outcomes - 1),
                                  static_cast<std::int32_t>(std::exp(u * range)) - 1);
    if (seen.insert(outcome).second) chosen.push_back(outcome);
  }
}

double LogUniformSample::log_expected(std::int32_t outcome) const {
  const double p = std::log((outcome + 2.0) / (outcome + 1.0)) / std::log(outcomes_ + 1);
  return std::log(-std::expm1(static_cast<double>(tries_) * std::log1p(-p)));
}

SampledSoftmax::SampledSoftmax(SoftmaxLayer& layer, std::int64_t samples, Precision precision)
    : layer_(layer),
      width_(layer.weights.shape[1]),
      cross_entropy_(samples, width_, precision, true),
      rows_(area(samples, width_)),
      bias_(static_cast<std::size_t>(samples)),
      d_rows_(area(samples, width_)),
      d_bias_(static_cast<std::size_t>(samples)) {
  layer.weights.sparse = layer.bias.sparse = true;
}

void SampledSoftmax::gather(const LogUniformSample& sample) {
  for (std::size_t i = 0; i < sample.chosen.size(); ++i) {
    const std::int32_t outcome = sample.chosen[i];
    std::copy_n(layer_.weights.value.data() + outcome * width_, width_,
                rows_.data() + static_cast<std::int64_t>(i) * width_);
    bias_[i] = layer_.bias.value[static_cast<std::size_t>(outcome)] -
               static_cast<float>(sample.log_expected(outcome));
  }
  for (int part = 0; part < CrossEntropy::kPackParts; ++part) {
    cross_entropy_.pack(part, rows_.data());
  }
}

void SampledSoftmax::forget(std::span<const std::int32_t> targets,
                            const std::vector<std::int32_t>& chosen) {
  auto& touched = layer_.weights.touched;
  for (const std::int64_t row : touched) {
    std::fill_n(layer_.weights.gradient.data() + row * width_, width_, 0.0f);
    layer_.bias.gradient[static_cast<std::size_t>(row)] = 0;
  }
  touched.assign(chosen.begin(), chosen.end());
  for (const std::int32_t target : targets) {
    if (target >= 0) touched.push_back(target);
  }
  std::ranges::sort(touched);
  touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
  layer_.bias.touched = touched;
}

template <typename T>
void SampledSoftmax::losses_and_gradients(const T* x, const std::int32_t* targets,
                                          const StreamGroups& groups, float scale,
                                          const LogUniformSample& sample, double* losses,
                                          float* d_x, Workers& workers) {
  const int threads = workers.count();
  const std::int64_t count = groups.rows();
  forget({targets, static_cast<std::size_t>(count)}, sample.chosen);
  gather(sample);
  std::vector<std::int32_t> sample_of(static_cast<std::size_t>(layer_.weights.shape[0]), -1);
  for (std::size_t i = 0; i < sample.chosen.size(); ++i) {
    sample_of[static_cast<std::size_t>(sample.chosen[i])] = static_cast<std::int32_t>(i);
  }
  target_logits_.assign(static_cast<std::size_t>(count), 0.0f);
  d_target_logits_.resize(static_cast<std::size_t>(count));
  hits_.assign(static_cast<std::size_t>(count), -1);
  workers.run([&](int index) {
    const Part part = part_of(count, index, threads);
    for (std::int64_t i = part.begin; i < part.end; ++i) {
      if (targets[i] < 0) continue;
      const auto target = static_cast<std::size_t>(targets[i]);
      const float* weights = layer_.weights.value.data() + targets[i] * width_;
      float logit = layer_.bias.value[target] - static_cast<float>(sample.log_expected(targets[i]));
      for (std::int64_t k = 0; k < width_; ++k) logit += to_float(x[i * width_ + k]) * weights[k];
      target_logits_[static_cast<std::size_t>(i)] = logit;
      hits_[static_cast<std::size_t>(i)] = sample_of[target];
    }
  });
  const CrossEntropyGradients gradients{scale, d_x, d_rows_.data(), d_bias_.data(),
                                        d_target_logits_.data()};
  cross_entropy_.run(CrossEntropyRows<T>{x, groups, targets, target_logits_.data(), hits_.data()},
                     bias_.data(), losses, &gradients, workers);
  scatter(sample.chosen);
  // The targets' own share. Threads share the width, so a target's rows are added in their order.
  workers.run([&](int index) {
    const Part part = part_of(width_, index, threads, 16);
    for (std::int64_t i = 0; i < count; ++i) {
      if (targets[i] < 0) continue;
      const float d = d_target_logits_[static_cast<std::size_t>(i)];
      const float* weights = layer_.weights.value.data() + targets[i] * width_;
      float* to = layer_.weights.gradient.data() + targets[i] * width_;
      for (std::int64_t k = part.begin; k < part.end; ++k) {
        d_x[i * width_ + k] += d * weights[k];
        to[k] += d * to_float(x[i * width_ + k]);
      }
      if (index == 0) layer_.bias.gradient[static_cast<std::size_t>(targets[i])] += d;
    }
  });
}

void SampledSoftmax::scatter(const std::vector<std::int32_t>& chosen) {
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    std::copy_n(d_rows_.data() + static_cast<std::int64_t>(i) * width_, width_,
                layer_.weights.gradient.data() + chosen[i] * width_);
    layer_.bias.gradient[static_cast<std::size_t>(chosen[i])] = d_bias_[i];
  }
}

template void SampledSoftmax::losses_and_gradients(const float*, const std::int32_t*,
                                                   const StreamGroups&, float,
                                                   const LogUniformSample&, double*, float*,
                                                   Workers&);
template void SampledSoftmax::losses_and_gradients(const Bf16*, const std::int32_t*,
                                                   const StreamGroups&, float,
                                                   const LogUniformSample&, double*, float*,
                                                   Workers&);

}  // namespace elmo
