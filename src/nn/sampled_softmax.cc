#include "nn/sampled_softmax.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <unordered_set>

#include "parallel/rows.h"

namespace elmo {
LogUniformSample::LogUniformSample(std::int64_t outcomes, std::size_t count, const Random& random)
    : outcomes_(static_cast<double>(outcomes)) {
  std::unordered_set<std::int32_t> seen;
  const double range = std::log(outcomes_ + 1);
  while (chosen.size() < count) {
    // 48 bits, because rare outcomes are close together.
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

SampledSoftmax::SampledSoftmax(SoftmaxLayer& layer, std::int64_t samples, Precision precision,
                               Slices* slices)
    : layer_(layer),
      width_(layer.weights.shape[1]),
      cross_entropy_(samples, width_, precision, true),
      slices_(slices),
      processes_(slices == nullptr ? lone_process() : slices->processes()),
      rows_(area(samples, width_)),
      bias_(static_cast<std::size_t>(samples)) {
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
void SampledSoftmax::losses_and_gradients(const T* x, const std::int32_t* all_targets,
                                          const StreamGroups& groups, float scale,
                                          const LogUniformSample& sample, double* losses,
                                          float* d_x, Workers& workers) {
  const int threads = workers.count();
  const StreamGroups held = groups.held_by(processes_.rank(), processes_.size());
  const std::int32_t* targets = all_targets + groups.steps() * held.held_streams().begin;
  const std::int64_t count = held.rows();
  forget({all_targets, static_cast<std::size_t>(groups.rows())}, sample.chosen);
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
  const std::vector<StreamGroups> subtrees = held.subtrees();
  while (d_rows_.size() < subtrees.size()) {
    d_rows_.emplace_back(rows_.size());
    d_bias_.emplace_back(bias_.size());
  }
  for (std::size_t i = 0; i < subtrees.size(); ++i) {
    const CrossEntropyGradients gradients{scale, d_x, d_rows_[i].data(), d_bias_[i].data(),
                                          d_target_logits_.data()};
    cross_entropy_.run(
        CrossEntropyRows<T>{x, subtrees[i], targets, target_logits_.data(), hits_.data()},
        bias_.data(), losses, &gradients, workers);
  }
  scatter(groups, sample.chosen, workers);
  // The targets' contributions. Threads divide the width, so a target's rows are added in order.
  std::vector<std::byte> memory;
  const std::vector<TargetShare<T>> shares = target_shares(x, all_targets, groups, memory);
  workers.run([&](int index) {
    const Part part = part_of(width_, index, threads, 16);
    for (std::int64_t i = 0; i < count; ++i) {
      if (targets[i] < 0) continue;
      const float d = d_target_logits_[static_cast<std::size_t>(i)];
      const float* weights = layer_.weights.value.data() + targets[i] * width_;
      for (std::int64_t k = part.begin; k < part.end; ++k) d_x[i * width_ + k] += d * weights[k];
    }
    for (const TargetShare<T>& share : shares) {
      float* to = layer_.weights.gradient.data() + share.target * width_;
      for (std::int64_t k = part.begin; k < part.end; ++k) to[k] += share.d * to_float(share.x[k]);
      if (index == 0) layer_.bias.gradient[static_cast<std::size_t>(share.target)] += share.d;
    }
  });
}

template <typename T>
std::vector<SampledSoftmax::TargetShare<T>> SampledSoftmax::target_shares(
    const T* x, const std::int32_t* targets, const StreamGroups& groups,
    std::vector<std::byte>& memory) {
  std::vector<TargetShare<T>> result;
  const int processes = processes_.size();
  if (processes == 1) {
    for (std::int64_t i = 0; i < groups.rows(); ++i) {
      if (targets[i] < 0) continue;
      result.push_back({targets[i], d_target_logits_[static_cast<std::size_t>(i)], x + i * width_});
    }
    return result;
  }
  // d and x of a row, one after the other.
  const std::size_t x_bytes = static_cast<std::size_t>(width_) * sizeof(T);
  const std::size_t row_bytes = sizeof(float) + x_bytes;
  std::vector<std::byte> rows(d_target_logits_.size() * row_bytes);
  for (std::size_t i = 0; i < d_target_logits_.size(); ++i) {
    std::byte* row = rows.data() + i * row_bytes;
    std::memcpy(row, &d_target_logits_[i], sizeof(float));
    std::memcpy(row + sizeof(float), x + static_cast<std::int64_t>(i) * width_, x_bytes);
  }
  std::vector<RowRoute> routes;
  for (int from = 0; from < processes; ++from) {
    const Part streams = groups.held_by(from, processes).held_streams();
    const std::int64_t first = groups.steps() * streams.begin, last = groups.steps() * streams.end;
    for (std::int64_t i = first; i < last; ++i) {
      if (targets[i] < 0) continue;
      routes.push_back({i - first, from, slices_->owner_of_row(layer_.weights, targets[i])});
      if (owns(targets[i])) result.push_back({targets[i], 0, nullptr});
    }
  }
  memory = bring_rows(processes_, routes, rows.data(), row_bytes);
  for (std::size_t i = 0; i < result.size(); ++i) {
    const std::byte* row = memory.data() + i * row_bytes;
    std::memcpy(&result[i].d, row, sizeof(float));
    result[i].x = reinterpret_cast<const T*>(row + sizeof(float));
  }
  return result;
}

void SampledSoftmax::scatter(const StreamGroups& groups, const std::vector<std::int32_t>& chosen,
                             Workers& workers) {
  const std::size_t subtrees =
      groups.held_by(processes_.rank(), processes_.size()).subtrees().size();
  float* d_rows = d_rows_[subtrees - 1].data();
  float* d_bias = d_bias_[subtrees - 1].data();
  if (processes_.size() > 1) {
    std::vector<float*> rows, biases;
    for (std::size_t i = 0; i < subtrees; ++i) {
      rows.push_back(d_rows_[i].data());
      biases.push_back(d_bias_[i].data());
    }
    slices_->sum_rows(layer_.weights, chosen, rows, d_rows, groups, workers);
    slices_->sum_rows(layer_.bias, chosen, biases, d_bias, groups, workers);
  }
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    if (!owns(chosen[i])) continue;
    std::copy_n(d_rows + static_cast<std::int64_t>(i) * width_, width_,
                layer_.weights.gradient.data() + chosen[i] * width_);
    layer_.bias.gradient[static_cast<std::size_t>(chosen[i])] = d_bias[i];
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
