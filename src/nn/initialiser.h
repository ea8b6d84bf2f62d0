// First values of parameters.
#pragma once

#include <cstdint>

#include "nn/parameter.h"

namespace elmo {

// Draws one parameter after another; the numbers depend on the seed and on how many parameters
// came before. All matrices are (outputs, inputs).
class Initialiser {
 public:
  explicit Initialiser(std::uint64_t seed) : seed_(seed) {}

  // Uniform in +-sqrt(6 / (inputs + outputs)) (Glorot and Bengio 2010).
  void glorot(Parameter& parameter);
  // Each square block of rows an orthogonal matrix (Saxe et al. 2014): what a recurrent matrix
  // carries over many steps neither dies nor grows at first. The shape is (blocks * n, n).
  void orthogonal(Parameter& parameter);
  void normal(Parameter& parameter, float deviation);

 private:
  std::uint64_t seed_;
  std::uint64_t parameters_ = 0;
};

}  // namespace elmo
