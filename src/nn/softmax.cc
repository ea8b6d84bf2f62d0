#include "nn/softmax.h"

namespace elmo {

SoftmaxLayer::SoftmaxLayer(const std::string& name, std::int64_t rows, std::int64_t width)
    : weights(name + "/weights", {rows, width}), bias(name + "/bias", {rows}) {}

void SoftmaxLayer::prepare(Precision precision, bool training) {
  cross_entropy_ = CrossEntropy(weights.shape[0], weights.shape[1], precision, training);
}

void SoftmaxLayer::pack(int part) { cross_entropy_.pack(part, weights.value.data()); }

template <typename T>
void SoftmaxLayer::losses(const T* x, const std::int32_t* targets, const StreamGroups& groups,
                          double* losses, Workers& workers) {
  cross_entropy_.run(CrossEntropyRows<T>{x, groups, targets}, bias.value.data(), losses, nullptr,
                     workers);
}

template <typename T>
void SoftmaxLayer::losses_and_gradients(const T* x, const std::int32_t* targets,
                                        const StreamGroups& groups, float scale, double* losses,
                                        float* d_x, Workers& workers) {
  const CrossEntropyGradients gradients{scale, d_x, weights.gradient.data(), bias.gradient.data()};
  cross_entropy_.run(CrossEntropyRows<T>{x, groups, targets}, bias.value.data(), losses, &gradients,
                     workers);
}

#define ELMO_INSTANTIATE(T)                                                                       \
  template void SoftmaxLayer::losses(const T*, const std::int32_t*, const StreamGroups&, double*, \
                                     Workers&);                                                   \
  template void SoftmaxLayer::losses_and_gradients(                                               \
      const T*, const std::int32_t*, const StreamGroups&, float, double*, float*, Workers&);
ELMO_INSTANTIATE(float)
ELMO_INSTANTIATE(Bf16)
#undef ELMO_INSTANTIATE

}  // namespace elmo
