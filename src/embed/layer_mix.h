// Which combination of a model's layers becomes a word's vector.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace elmo {

// Rows of weights over the model's layers (0 is the token encoder): output row r is
// sum_j weights[r][j] layer_j.
struct LayerMix {
  std::vector<std::vector<float>> weights;
  // Each layer of a sentence is brought to mean 0 and variance 1 over all its words and
  // dimensions first (AllenNLP's do_layer_norm, epsilon 1e-12). The rows then need whole
  // sentences in memory.
  bool layer_norm = false;
  // "all", "top", "average", "mix" or the list, for reports and the attributes of dumps.
  std::string name;
  // Is there a layer axis in the output ("all" and lists of two and more)?
  bool layered = false;

  int rows() const { return static_cast<int>(weights.size()); }

  // One row a layer of `chosen`, numbers below `layers`; without a name.
  static LayerMix of(const std::vector<int>& chosen, int layers);
  // `text`: all | top | average | a list such as 0,2 (numbers below `layers`, in any order, none
  // twice). Throws UsageError.
  static LayerMix parse(std::string_view text, int layers);
  // gamma * softmax(w)_j, as ELMo combines them (Peters et al. 2018, equation 1). Throws Error
  // when w.size() is not `layers`.
  static LayerMix scalar_mix(const std::vector<float>& w, float gamma, bool layer_norm, int layers);
};

}  // namespace elmo
