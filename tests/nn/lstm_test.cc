// The LSTM layer against finite differences of a plain implementation in double.
#include "nn/lstm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "compute/random.h"

namespace elmo {
namespace {

constexpr int kSteps = 5, kStreams = 3;

// The formulas of lstm.h, element by element. Returns sum(weight * y).
double twin(const LstmLayer& layer, const std::vector<double>& w, const std::vector<double>& b,
            const std::vector<double>& p, const std::vector<double>& x,
            const std::vector<std::uint8_t>& resets, const std::vector<double>& weight,
            std::vector<double>* out = nullptr) {
  const LstmShape& s = layer.shape();
  const auto sigma = [](double v) { return 1 / (1 + std::exp(-v)); };
  const int width = s.input + s.projection;
  double total = 0;
  for (int stream = 0; stream < kStreams; ++stream) {
    std::vector<double> h(static_cast<std::size_t>(s.projection)),
        c(static_cast<std::size_t>(s.hidden));
    for (int t = 0; t < kSteps; ++t) {
      const std::size_t row = static_cast<std::size_t>(t * kStreams + stream);
      if (resets[row] != 0) {
        std::ranges::fill(h, 0.0);
        std::ranges::fill(c, 0.0);
      }
      std::vector<double> z(static_cast<std::size_t>(4 * s.hidden)), m(c.size());
      for (int k = 0; k < 4 * s.hidden; ++k) {
        double sum = b[static_cast<std::size_t>(k)];
        for (int q = 0; q < width; ++q) {
          const double in =
              q < s.input ? x[row * static_cast<std::size_t>(s.input) + static_cast<std::size_t>(q)]
                          : h[static_cast<std::size_t>(q - s.input)];
          sum += w[static_cast<std::size_t>(k * width + q)] * in;
        }
        z[static_cast<std::size_t>(k)] = sum;
      }
      for (int k = 0; k < s.hidden; ++k) {
        const auto at = [&](int gate) { return z[static_cast<std::size_t>(gate * s.hidden + k)]; };
        double& cell = c[static_cast<std::size_t>(k)];
        cell = sigma(at(2) + 1) * cell + sigma(at(0)) * std::tanh(at(1));
        cell =
            std::clamp(cell, -static_cast<double>(s.cell_clip), static_cast<double>(s.cell_clip));
        m[static_cast<std::size_t>(k)] = sigma(at(3)) * std::tanh(cell);
      }
      for (int k = 0; k < s.projection; ++k) {
        double sum = 0;
        for (int q = 0; q < s.hidden; ++q) {
          sum += p[static_cast<std::size_t>(k * s.hidden + q)] * m[static_cast<std::size_t>(q)];
        }
        h[static_cast<std::size_t>(k)] = std::clamp(sum, -static_cast<double>(s.projection_clip),
                                                    static_cast<double>(s.projection_clip));
        const std::size_t place =
            row * static_cast<std::size_t>(s.projection) + static_cast<std::size_t>(k);
        const double y = h[static_cast<std::size_t>(k)] + (s.residual ? x[place] : 0.0);
        if (out != nullptr) (*out)[place] = y;
        total += weight[place] * y;
      }
    }
  }
  return total;
}

struct Case {
  int threads, hidden;
  std::size_t stride;  // only every stride-th parameter is tested
};
class LstmGradient : public testing::TestWithParam<Case> {};

TEST_P(LstmGradient, AgreesWithFiniteDifferences) {
  // Clips low enough to take effect, a reset inside the window, residual connections, odd sizes.
  const LstmShape shape{.input = 6,
                        .hidden = GetParam().hidden,
                        .projection = 6,
                        .cell_clip = 0.6f,
                        .projection_clip = 0.5f,
                        .residual = true};
  LstmLayer layer("lstm_0", shape);
  const Random random(7, RandomUse::kInitialise);
  std::uint64_t n = 0;
  layer.for_each_parameter([&](Parameter& parameter) {
    for (auto& value : parameter.value.span()) value = 0.6f * random.normal(n++);
    parameter.allocate_gradient();
  });
  const std::size_t size = kSteps * kStreams * 6;
  std::vector<float> x(size), y(size), d(size);
  for (auto& value : x) value = random.normal(n++);
  for (auto& value : d) value = random.normal(n++);
  std::vector<std::uint8_t> resets(kSteps * kStreams);
  for (int b = 0; b < kStreams; ++b) resets[static_cast<std::size_t>(b)] = 1;
  resets[2 * kStreams + 1] = 1;
  const std::vector<double> weight(d.begin(), d.end());

  const int threads = GetParam().threads;
  Workers workers(threads);
  layer.prepare(Precision::kF32, true);
  for (int part = 0; part < layer.pack_parts(); ++part) layer.pack(part);
  LstmTape<float> tape(shape, kSteps, kStreams);
  workers.run([&](int index) {
    const Part part = part_of(kStreams, index, threads);
    LstmScratch scratch(shape, std::max<std::int64_t>(1, part.end - part.begin), true);
    layer.forward(tape, x.data(), y.data(), resets.data(), kSteps, kStreams,
                  static_cast<int>(part.begin), static_cast<int>(part.end), scratch);
    layer.backward(tape, d.data(), resets.data(), kSteps, kStreams, static_cast<int>(part.begin),
                   static_cast<int>(part.end), scratch);
  });
  layer.weight_gradients(tape, StreamGroups(kSteps, kStreams), workers);

  const auto copy = [](std::span<const float> from) {
    return std::vector<double>(from.begin(), from.end());
  };
  auto w = copy(layer.weights.value.span()), b = copy(layer.bias.value.span());
  auto p = copy(layer.projection.value.span());
  std::vector<double> xd(x.begin(), x.end()), expected(size);
  twin(layer, w, b, p, xd, resets, weight, &expected);
  // The projection sums H products of about 0.2 each. If every addition rounds (SSE4.1 has no fused
  // multiply-add), the errors of the partial sums amount to 0.2 H 2^-24 / sqrt(2); three times that
  // is allowed. The constant covers the rest of the cell, whose values are about 1.
  const double tolerance = 1e-6 + 3 * 0.2 * shape.hidden * 0x1p-24 / std::sqrt(2.0);
  int clipped = 0;
  for (std::size_t i = 0; i < size; ++i) {
    EXPECT_NEAR(y[i], expected[i], tolerance) << i;
    clipped += std::abs(expected[i] - xd[i]) > 0.4999;
  }
  EXPECT_GT(clipped, 0) << "the clip does not act, so it is not tested";
  const auto check = [&](std::vector<double>& values, std::span<const float> gradient,
                         const char* name) {
    for (std::size_t i = 0; i < values.size(); i += GetParam().stride) {
      constexpr double kStep = 1e-6;
      const double kept = values[i];
      values[i] = kept + kStep;
      const double above = twin(layer, w, b, p, xd, resets, weight);
      values[i] = kept - kStep;
      const double below = twin(layer, w, b, p, xd, resets, weight);
      values[i] = kept;
      const double numeric = (above - below) / (2 * kStep);
      EXPECT_NEAR(gradient[i], numeric, 1e-4 * std::max(1.0, std::abs(numeric)))
          << name << " " << i;
    }
  };
  check(w, layer.weights.gradient.span(), "weights");
  check(b, layer.bias.gradient.span(), "bias");
  check(p, layer.projection.gradient.span(), "projection");
  check(xd, d, "x");
}

// An odd size, and one whose cells are processed in two parts.
INSTANTIATE_TEST_SUITE_P(Threads, LstmGradient,
                         testing::Values(Case{1, 19, 1}, Case{2, 19, 1}, Case{3, 19, 1},
                                         Case{2, LstmLayer::kStepCells + 13, 53}));

// More rows than a product sums at a time, in more than one strip: compared with plain sums of what
// the tape holds.
TEST(LstmWeightGradients, AreSumsOverAllRows) {
  constexpr int kManySteps = 9, kManyStreams = 70;  // 630 rows
  const LstmShape shape{.input = 5, .hidden = 70, .projection = 5};
  const Random random(8, RandomUse::kInitialise);
  std::vector<float> first;
  for (const int threads : {1, 3}) {
    LstmLayer layer("lstm_0", shape);
    layer.for_each_parameter([](Parameter& parameter) { parameter.allocate_gradient(); });
    layer.prepare(Precision::kF32, true);
    LstmTape<float> tape(shape, kManySteps, kManyStreams);
    std::uint64_t n = 0;
    for (auto* array : {&tape.xh, &tape.gates, &tape.m, &tape.d_h}) {
      for (float& value : array->span()) value = random.normal(n++);
    }
    Workers workers(threads);
    layer.weight_gradients(tape, StreamGroups(kManySteps, kManyStreams), workers);

    const auto check = [&](const AlignedArray<float>& a, int m, const AlignedArray<float>& b,
                           int width, std::span<const float> gradient) {
      for (int i = 0; i < m; ++i) {
        for (int j = 0; j < width; ++j) {
          double sum = 0;
          for (int row = 0; row < kManySteps * kManyStreams; ++row) {
            sum += static_cast<double>(a.data()[row * m + i]) * b.data()[row * width + j];
          }
          ASSERT_NEAR(gradient[static_cast<std::size_t>(i * width + j)], sum, 2e-4);
        }
      }
    };
    check(tape.gates, 4 * shape.hidden, tape.xh, 10, layer.weights.gradient.span());
    check(tape.d_h, shape.projection, tape.m, shape.hidden, layer.projection.gradient.span());
    const auto gradient = layer.weights.gradient.span();
    if (first.empty()) first.assign(gradient.begin(), gradient.end());
    EXPECT_TRUE(std::ranges::equal(first, gradient)) << threads << " threads";
  }
}

// A layer prepared for inference divides its cells into smaller blocks.
template <typename T>
std::vector<float> outputs_of(bool training) {
  const LstmShape shape{.input = 24, .hidden = LstmLayer::kStepCells + 75, .projection = 24};
  constexpr int kManyStreams = LstmLayer::kStepRows + 9;
  LstmLayer layer("lstm_0", shape);
  const Random random(9, RandomUse::kInitialise);
  std::uint64_t n = 0;
  layer.for_each_parameter([&](Parameter& parameter) {
    for (float& value : parameter.value.span()) value = 0.2f * random.normal(n++);
  });
  layer.prepare(kPrecisionOf<T>, training);
  for (int part = 0; part < layer.pack_parts(); ++part) layer.pack(part);
  std::vector<float> x(area(kSteps * kManyStreams, shape.input)), y(x.size());
  for (float& value : x) value = random.normal(n++);
  const std::vector<std::uint8_t> resets(area(kSteps, kManyStreams));
  LstmTape<T> tape(shape, kSteps, kManyStreams);
  LstmScratch scratch(shape, kManyStreams, training);
  layer.forward(tape, x.data(), y.data(), resets.data(), kSteps, kManyStreams, 0, kManyStreams,
                scratch);
  return y;
}

TEST(LstmInference, HasTheBitsOfTraining) {
  EXPECT_EQ(outputs_of<float>(false), outputs_of<float>(true));
  EXPECT_EQ(outputs_of<Bf16>(false), outputs_of<Bf16>(true));
}

}  // namespace
}  // namespace elmo
