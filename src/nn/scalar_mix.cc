#include "nn/scalar_mix.h"

#include <algorithm>
#include <cmath>

#include "nn/heads.h"

namespace elmo {
namespace {

// Words of a block of the gradient's sum; fixed, so that the bits do not depend on the threads.
constexpr std::int64_t kBlock = 64;

}  // namespace

std::vector<double> mix_shares(std::span<const float> w) {
  std::vector<double> shares(w.size());
  softmax(w, shares.data());
  return shares;
}

void normalise_layers(float* vectors, std::int64_t words, std::int64_t layers,
                      std::int64_t dimension) {
  const auto size = static_cast<double>(words * dimension);
  for (std::int64_t j = 0; j < layers; ++j) {
    const auto each = [&](auto&& visit) {
      for (std::int64_t w = 0; w < words; ++w) {
        float* row = vectors + (w * layers + j) * dimension;
        for (std::int64_t k = 0; k < dimension; ++k) visit(row[k]);
      }
    };
    double sum = 0, squares = 0;
    each([&](float value) { sum += value; });
    const double mean = sum / size;
    each([&](float value) { squares += (value - mean) * (value - mean); });
    const double scale = 1 / std::sqrt(squares / size + 1e-12);
    each([&](float& value) { value = static_cast<float>((value - mean) * scale); });
  }
}

ScalarMixLayer::ScalarMixLayer(const std::string& name, std::int64_t layers)
    : weights(name + "/weights", {layers}), gamma(name + "/gamma", {1}) {}

void ScalarMixLayer::initialise(Initialiser& initialiser, float deviation) {
  initialiser.normal(weights, deviation);
  gamma.value[0] = 1;
}

void ScalarMixLayer::forward(const float* layers, std::int64_t words, std::int64_t dimension,
                             float* y, Workers& workers) const {
  const std::vector<double> shares = mix_shares(weights.value.span());
  workers.run([&](int index) {
    const Part part = part_of(words, index, workers.count());
    std::fill(y + part.begin * dimension, y + part.end * dimension, 0.0f);
    for (std::int64_t w = part.begin; w < part.end; ++w) {
      const float* from = layers + w * static_cast<std::int64_t>(shares.size()) * dimension;
      for (const double share : shares) {
        const auto factor = static_cast<float>(share * gamma.value[0]);
        for (std::int64_t k = 0; k < dimension; ++k) y[w * dimension + k] += factor * from[k];
        from += dimension;
      }
    }
  });
}

// With s = softmax(w) and g_j = sum over words and dimensions of d_y layer_j:
//   d gamma = sum_j s_j g_j    d w_j = gamma s_j (g_j - sum_i s_i g_i)
void ScalarMixLayer::backward(const float* layers, std::int64_t words, std::int64_t dimension,
                              const float* d_y, Workers& workers) {
  const std::vector<double> shares = mix_shares(weights.value.span());
  const auto count = static_cast<std::int64_t>(shares.size());
  const std::int64_t blocks = (words + kBlock - 1) / kBlock;
  std::vector<double> sums(static_cast<std::size_t>(blocks * count), 0.0);
  workers.run([&](int index) {
    for (std::int64_t block = index; block < blocks; block += workers.count()) {
      double* sum = sums.data() + block * count;
      for (std::int64_t w = block * kBlock; w < std::min(words, (block + 1) * kBlock); ++w) {
        for (std::int64_t j = 0; j < count; ++j) {
          const float* layer = layers + (w * count + j) * dimension;
          for (std::int64_t k = 0; k < dimension; ++k) {
            sum[j] += static_cast<double>(d_y[w * dimension + k]) * layer[k];
          }
        }
      }
    }
  });
  std::vector<double> g(shares.size(), 0.0);
  double mean = 0;
  for (std::size_t j = 0; j < g.size(); ++j) {
    for (std::size_t block = 0; block < static_cast<std::size_t>(blocks); ++block) {
      g[j] += sums[block * g.size() + j];
    }
    mean += shares[j] * g[j];
  }
  gamma.gradient[0] += static_cast<float>(mean);
  for (std::size_t j = 0; j < g.size(); ++j) {
    weights.gradient[j] += static_cast<float>(gamma.value[0] * shares[j] * (g[j] - mean));
  }
}

double ScalarMixLayer::add_penalty(float strength) {
  double penalty = 0;
  for (std::size_t j = 0; j < weights.value.size(); ++j) {
    const float w = weights.value[j];
    penalty += strength * static_cast<double>(w) * w;
    weights.gradient[j] += 2 * strength * w;
  }
  return penalty;
}

}  // namespace elmo
