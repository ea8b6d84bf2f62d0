// The combinations of a model's layers that make a word's vector.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace elmo {

// Rows of weights over the model's layers (0 is the token encoder): output row r is
// sum_j weights[r][j] layer_j.
struct LayerMix {
  std::vector<std::vector<float>> weights;
  // First normalise each layer of a sentence to mean 0 and variance 1 over all words and dimensions
  // (AllenNLP's do_layer_norm, epsilon 1e-12). This needs whole sentences in memory.
  bool layer_norm = false;
  // "all", "top", "average", "mix" or the list, for reports and the attributes of dumps.
  std::string name;
  // Does the output have a layer axis ("all" and lists of two or more)?
  bool layered = false;

  int rows() const { return static_cast<int>(weights.size()); }

  // One row for each layer in `chosen`, which are below `layers`. The name is left empty.
  static LayerMix of(const std::vector<int>& chosen, int layers);
  // Parses all | top | average | a list such as 0,2 (numbers below `layers`, in any order, without
  // repetition). Throws UsageError.
  static LayerMix parse(std::string_view text, int layers);
  // The row gamma * softmax(w)_j, ELMo's combination (Peters et al. 2018, equation 1). Throws Error
  // if w.size() is not `layers`.
  static LayerMix scalar_mix(const std::vector<float>& w, float gamma, bool layer_norm, int layers);
};

}  // namespace elmo
