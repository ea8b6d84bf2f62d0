// The learned mix of a language model's layers (Peters et al. 2018, equation 1; AllenNLP's
// ScalarMix): mixed = gamma * sum_j softmax(w)_j layer_j. The layers themselves are inputs and are
// not trained.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "compute/workers.h"
#include "nn/initialiser.h"
#include "nn/parameter.h"

namespace elmo {

// softmax(w) in double: the share of each layer.
std::vector<double> mix_shares(std::span<const float> w);

// Normalises each layer of a sentence to mean 0 and variance 1 over all its words and dimensions
// (AllenNLP's do_layer_norm, epsilon 1e-12), in place. `vectors`: row-major (words, layers,
// dimension). Each sentence is normalised by itself, independently of its batch.
void normalise_layers(float* vectors, std::int64_t words, std::int64_t layers,
                      std::int64_t dimension);

class ScalarMixLayer {
 public:
  ScalarMixLayer(const std::string& name, std::int64_t layers);

  template <typename F>
  void for_each_parameter(F&& f) {
    f(weights);
    f(gamma);
  }
  Parameter weights;  // w (layers)
  Parameter gamma;    // (1)

  // w is zero (equal shares) or, with a deviation, normally distributed around zero; gamma is 1.
  void initialise(Initialiser& initialiser, float deviation = 0);

  // y (words x dimension) from layers (words x layers x dimension).
  void forward(const float* layers, std::int64_t words, std::int64_t dimension, float* y,
               Workers& workers) const;
  // Adds to the gradients of w and gamma.
  void backward(const float* layers, std::int64_t words, std::int64_t dimension, const float* d_y,
                Workers& workers);
  // L2 penalty on the raw weights: adds the gradient of strength * sum_j w_j^2 and returns that
  // value.
  double add_penalty(float strength);
};

}  // namespace elmo
