#include "nn/sampled_softmax.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <unordered_set>

#include "compute/kernels.h"

namespace elmo {
namespace {

constexpr std::int64_t kRowGrain = 64;
constexpr std::int64_t kGradientBlock = 1024;
// The target's column comes behind the samples, and more that can't be chosen up to a width that
// suits the products.
constexpr std::int64_t kExtraColumns = 16;
// A logit that no softmax notices.
constexpr float kNever = -1e30f;

std::size_t area(std::int64_t rows, std::int64_t columns) {
  return static_cast<std::size_t>(rows * columns);
}

}  // namespace

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
      samples_(samples),
      columns_(samples + kExtraColumns),
      width_(layer.weights.shape[1]),
      packed_(width_, columns_, precision),
      packed_back_(columns_, width_, precision),
      rows_(area(columns_, width_)),
      bias_(static_cast<std::size_t>(columns_)),
      d_rows_(area(columns_, width_)),
      d_bias_(static_cast<std::size_t>(columns_)),
      logits_(area(SoftmaxLayer::kChunkRows, columns_)) {
  if (precision == Precision::kBf16) {
    gradients_ = AlignedArray<Bf16>(area(SoftmaxLayer::kChunkRows, columns_));
  }
  layer.weights.sparse = layer.bias.sparse = true;
}

void SampledSoftmax::gather(const LogUniformSample& sample) {
  std::ranges::fill(bias_.span(), kNever);
  for (std::size_t i = 0; i < sample.chosen.size(); ++i) {
    const std::int32_t outcome = sample.chosen[i];
    std::copy_n(layer_.weights.value.data() + outcome * width_, width_,
                rows_.data() + static_cast<std::int64_t>(i) * width_);
    bias_[i] = layer_.bias.value[static_cast<std::size_t>(outcome)] -
               static_cast<float>(sample.log_expected(outcome));
  }
  bias_[static_cast<std::size_t>(samples_)] = 0;  // the target's column holds the whole logit
  packed_.pack(rows_.data(), 1, width_);
  packed_back_.pack(rows_.data(), width_, 1);
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
  touched.erase(std::ranges::unique(touched).begin(), touched.end());
  layer_.bias.touched = touched;
}

template <typename T>
void SampledSoftmax::losses_and_gradients(const T* x, const std::int32_t* targets,
                                          std::int64_t count, float scale,
                                          const LogUniformSample& sample, double* losses,
                                          float* d_x, Workers& workers) {
  constexpr auto precision = sizeof(T) == 2 ? Precision::kBf16 : Precision::kF32;
  constexpr bool kInPlace = sizeof(T) == sizeof(float);
  T* gradients =
      kInPlace ? reinterpret_cast<T*>(logits_.data()) : reinterpret_cast<T*>(gradients_.data());
  const int threads = workers.count();
  forget({targets, static_cast<std::size_t>(count)}, sample.chosen);
  gather(sample);
  std::vector<std::int32_t> column_of(static_cast<std::size_t>(layer_.weights.shape[0]), -1);
  for (std::size_t i = 0; i < sample.chosen.size(); ++i) {
    column_of[static_cast<std::size_t>(sample.chosen[i])] = static_cast<std::int32_t>(i);
  }
  d_target_.assign(static_cast<std::size_t>(count), 0.0f);
  d_bias_.zero();
  for (std::int64_t from = 0; from < count; from += SoftmaxLayer::kChunkRows) {
    const std::int64_t size = std::min(SoftmaxLayer::kChunkRows, count - from);
    if (packed_x_.k() != size) packed_x_ = PackedMatrix(size, width_, precision);
    workers.run([&](int index) {
      if (index == threads - 1) packed_x_.pack(x + from * width_, width_, 1);
      const Part part = part_of(size, index, threads, kRowGrain);
      for (std::int64_t begin = part.begin; begin < part.end; begin += kRowGrain) {
        const std::int64_t end = std::min(part.end, begin + kRowGrain);
        multiply(x + (from + begin) * width_, width_, end - begin, packed_,
                 logits_.data() + begin * columns_, columns_);
        for (std::int64_t i = begin; i < end; ++i) {
          float* row = logits_.data() + i * columns_;
          T* gradient = gradients + i * columns_;
          const std::int32_t target = targets[from + i];
          if (target < 0) {
            losses[from + i] = 0.0;
            std::memset(static_cast<void*>(gradient), 0, area(columns_, sizeof(T)));
            continue;
          }
          const float* weights = layer_.weights.value.data() + target * width_;
          const T* in = x + (from + i) * width_;
          float logit = layer_.bias.value[static_cast<std::size_t>(target)] -
                        static_cast<float>(sample.log_expected(target));
          for (std::int64_t k = 0; k < width_; ++k) logit += to_float(in[k]) * weights[k];
          row[samples_] = logit;
          const std::int32_t hit = column_of[static_cast<std::size_t>(target)];
          if (hit >= 0) row[hit] = kNever;
          losses[from + i] = cross_entropy_gradient(
              row, bias_.data(), columns_, static_cast<std::int32_t>(samples_), scale, gradient);
          d_target_[static_cast<std::size_t>(from + i)] = to_float(gradient[samples_]);
        }
        multiply(gradients + begin * columns_, columns_, end - begin, packed_back_,
                 d_x + (from + begin) * width_, width_);
        for (std::int64_t i = from + begin; i < from + end; ++i) {
          if (targets[i] < 0) continue;
          const float* weights = layer_.weights.value.data() + targets[i] * width_;
          const float d = d_target_[static_cast<std::size_t>(i)];
          for (std::int64_t k = 0; k < width_; ++k) d_x[i * width_ + k] += d * weights[k];
        }
      }
    });
    workers.run([&](int index) {
      const Part part = part_of(columns_, index, threads, kGradientBlock);
      for (std::int64_t begin = part.begin; begin < part.end; begin += kGradientBlock) {
        const std::int64_t block = std::min(kGradientBlock, part.end - begin);
        multiply_transposed(gradients + begin, columns_, block, packed_x_,
                            d_rows_.data() + begin * width_, from != 0);
        add_column_sums(gradients + begin, size, block, columns_, d_bias_.data() + begin);
      }
    });
  }
  scatter(sample.chosen);
  // Threads share the columns, so a target's rows are added in their order.
  workers.run([&](int index) {
    const Part part = part_of(width_, index, threads, 16);
    for (std::int64_t i = 0; i < count; ++i) {
      if (targets[i] < 0) continue;
      const float d = d_target_[static_cast<std::size_t>(i)];
      float* to = layer_.weights.gradient.data() + targets[i] * width_;
      for (std::int64_t k = part.begin; k < part.end; ++k) to[k] += d * to_float(x[i * width_ + k]);
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

template void SampledSoftmax::losses_and_gradients(const float*, const std::int32_t*, std::int64_t,
                                                   float, const LogUniformSample&, double*, float*,
                                                   Workers&);
template void SampledSoftmax::losses_and_gradients(const Bf16*, const std::int32_t*, std::int64_t,
                                                   float, const LogUniformSample&, double*, float*,
                                                   Workers&);

}  // namespace elmo
