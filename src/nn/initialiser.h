// Initial values of parameters.
#pragma once

#include <cstdint>

#include "nn/parameter.h"

namespace elmo {

// Initialises one parameter after another. The values depend on the seed and on how many parameters
// came before. All matrices are (outputs, inputs).
class Initialiser {
 public:
  explicit Initialiser(std::uint64_t seed) : seed_(seed) {}

  // Uniform in +-sqrt(6 / (inputs + outputs)) (Glorot and Bengio 2010).
  void glorot(Parameter& parameter);
  // Makes each square block of rows an orthogonal matrix (Saxe et al. 2014), so that what a
  // recurrent matrix carries over many steps initially neither vanishes nor grows. The shape is
  // (blocks * n, n).
  void orthogonal(Parameter& parameter);
  void normal(Parameter& parameter, float deviation);

 private:
  std::uint64_t seed_;
  std::uint64_t parameters_ = 0;
};

}  // namespace elmo
