// The trained weights of a layer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compute/aligned.h"

namespace elmo {

// A named array of float32 master weights and, while training, its gradient.
struct Parameter {
  Parameter() = default;
  Parameter(std::string parameter_name, std::vector<std::int64_t> parameter_shape)
      : name(std::move(parameter_name)), shape(std::move(parameter_shape)) {
    std::int64_t size = 1;
    for (const std::int64_t extent : shape) size *= extent;
    value = AlignedArray<float>(static_cast<std::size_t>(size));
  }
  void allocate_gradient() { gradient = AlignedArray<float>(value.size()); }

  std::string name;  // path in the model file: "lstm_0/weights"
  std::vector<std::int64_t> shape;
  AlignedArray<float> value;
  AlignedArray<float> gradient;
  // If `sparse`, only the rows in `touched` (of the first axis, in ascending order) have a
  // gradient, and an optimiser does not change the others. If not `sparse` and `touched` is not
  // empty, the gradient of all other rows is zero.
  bool sparse = false;
  std::vector<std::int32_t> touched;
};

}  // namespace elmo
