#include "nn/softmax.h"

#include <cmath>
#include <numeric>

namespace elmo {

SoftmaxLayer::SoftmaxLayer(const std::string& name, std::int64_t rows, std::int64_t width,
                           bool tied)
    : weights(name + "/weights", {tied ? 0 : rows, width}),
      bias(name + "/bias", {rows}),
      width_(width),
      tied_(tied) {}

void SoftmaxLayer::set_bias_to_frequency(const std::vector<std::uint64_t>& counts) {
  const double total = static_cast<double>(
      std::accumulate(counts.begin(), counts.end(), std::uint64_t{counts.size()}));
  for (std::size_t i = 0; i < counts.size(); ++i) {
    bias.value[i] = static_cast<float>(std::log((static_cast<double>(counts[i]) + 1) / total));
  }
}

void SoftmaxLayer::prepare(Precision precision, bool training) {
  cross_entropy_ = CrossEntropy(bias.shape[0], width_, precision, training);
}

void SoftmaxLayer::pack(int part, const Parameter& weights) {
  cross_entropy_.pack(part, weights.value.data());
}

template <typename T>
void SoftmaxLayer::losses(const T* x, const std::int32_t* targets, const StreamGroups& groups,
                          double* losses, Workers& workers) {
  cross_entropy_.run(CrossEntropyRows<T>{x, groups, targets}, bias.value.data(), losses, nullptr,
                     workers);
}

template <typename T>
void SoftmaxLayer::losses_and_gradients(const T* x, const std::int32_t* targets,
                                        const StreamGroups& groups, float scale, Parameter& weights,
                                        double* losses, float* d_x, Workers& workers) {
  const CrossEntropyGradients gradients{scale, d_x, weights.gradient.data(), bias.gradient.data()};
  cross_entropy_.run(CrossEntropyRows<T>{x, groups, targets}, bias.value.data(), losses, &gradients,
                     workers);
}

#define ELMO_INSTANTIATE(T)                                                                       \
  template void SoftmaxLayer::losses(const T*, const std::int32_t*, const StreamGroups&, double*, \
                                     Workers&);                                                   \
  template void SoftmaxLayer::losses_and_gradients(const T*, const std::int32_t*,                 \
                                                   const StreamGroups&, float, Parameter&,        \
                                                   double*, float*, Workers&);
ELMO_INSTANTIATE(float)
ELMO_INSTANTIATE(Bf16)
#undef ELMO_INSTANTIATE

}  // namespace elmo
