#include "embed/layer_mix.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/numbers.h"
#include "elmo/error.h"
#include "nn/scalar_mix.h"

namespace elmo {
namespace {

std::vector<float> unit(int at, int layers) {
  std::vector<float> result(static_cast<std::size_t>(layers), 0.0f);
  result[static_cast<std::size_t>(at)] = 1.0f;
  return result;
}

}  // namespace

LayerMix LayerMix::of(const std::vector<int>& chosen, int layers) {
  LayerMix mix;
  for (const int layer : chosen) mix.weights.push_back(unit(layer, layers));
  mix.layered = chosen.size() > 1;
  return mix;
}

LayerMix LayerMix::parse(std::string_view text, int layers) {
  LayerMix mix;
  mix.name = text;
  if (text == "all") {
    mix.layered = true;
    for (int j = 0; j < layers; ++j) mix.weights.push_back(unit(j, layers));
    return mix;
  }
  if (text == "top") {
    mix.weights.push_back(unit(layers - 1, layers));
    return mix;
  }
  if (text == "average") {
    mix.weights.emplace_back(static_cast<std::size_t>(layers), 1.0f / static_cast<float>(layers));
    return mix;
  }
  const auto chosen = parse_numbers(text);
  if (!chosen) {
    throw UsageError("layers '" + std::string(text) +
                     "' is neither all, top, average, mix nor a list of numbers such as 0,2");
  }
  for (auto layer = chosen->begin(); layer != chosen->end(); ++layer) {
    if (*layer >= layers) {
      throw UsageError("layers names layer " + std::to_string(*layer) + ", the model has 0 to " +
                       std::to_string(layers - 1));
    }
    if (std::find(chosen->begin(), layer, *layer) != layer) {
      throw UsageError("layers names layer " + std::to_string(*layer) + " twice");
    }
  }
  mix = of(*chosen, layers);
  mix.name = text;
  return mix;
}

LayerMix LayerMix::scalar_mix(const std::vector<float>& w, float gamma, bool layer_norm,
                              int layers) {
  if (w.size() != static_cast<std::size_t>(layers)) {
    throw Error("the mix has weights for " + std::to_string(w.size()) +
                " layers, the language model has " + std::to_string(layers));
  }
  LayerMix mix;
  mix.name = "mix";
  mix.layer_norm = layer_norm;
  std::vector<float> weights;
  for (const double share : mix_shares(w)) weights.push_back(static_cast<float>(gamma * share));
  mix.weights.push_back(weights);
  return mix;
}

}  // namespace elmo
