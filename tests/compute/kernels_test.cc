// The vectorised passes against plain implementations in double, for all sizes around the vector
// width and unaligned memory.
#include "compute/kernels.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <vector>

#include "compute/random.h"
#include "compute/transpose.h"

namespace elmo {
namespace {

constexpr std::int64_t kSizes[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100, 129, 1031};

// Values between -scale and scale that begin one float after an aligned address.
class Numbers {
 public:
  Numbers(std::int64_t size, std::uint64_t seed, float scale = 1)
      : values_(static_cast<std::size_t>(size) + 1) {
    const Random random(seed, RandomUse::kInitialise);
    for (std::size_t i = 0; i < values_.size(); ++i) {
      values_[i] = scale * (2 * random.uniform(i) - 1);
    }
  }
  float* data() { return values_.data() + 1; }
  float operator[](std::int64_t i) const { return values_[static_cast<std::size_t>(i) + 1]; }

 private:
  std::vector<float> values_;
};

template <typename T>
float stored(float value) {
  if constexpr (std::is_same_v<T, Bf16>) return to_float(to_bf16(value));
  return value;
}
// A bound of the error of rounding `value` to T.
template <typename T>
double rounding(double value) {
  return std::is_same_v<T, Bf16> ? std::abs(value) / 256 : 0;
}
// A cell combines a few sigmoids and tanhs; kernels.h promises what the error of one is.
template <typename T>
double cell_error() {
  // Highway can't be asked which target it uses: asking makes it forget the limit.
  const char* const limit = std::getenv("ELMO_MAX_ISA");
  const std::string_view name = limit == nullptr ? "" : limit;
  return std::is_same_v<T, Bf16> && name != "sse4" && name != "avx2" ? 5e-4 : 3e-6;
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// Must be the first test: no pass has been called yet.
TEST(InstructionSet, IsChosenBeforeMain) { EXPECT_TRUE(hwy::GetChosenTarget().IsInitialized()); }

template <typename T>
class Kernels : public testing::Test {};
using Types = testing::Types<float, Bf16>;
TYPED_TEST_SUITE(Kernels, Types);

TYPED_TEST(Kernels, CellsForwardAndBackward) {
  using T = TypeParam;
  for (const std::int64_t h : kSizes) {
    for (const float clip : {0.0f, 0.5f}) {
      const auto at = [](std::int64_t i) { return static_cast<std::size_t>(i); };
      Numbers z(4 * h, 1, 6), bias(4 * h, 2), before(h, 3, 1), d_m(h, 4), d_c(h, 5);
      std::vector<T> gates(at(4 * h)), m(at(h)), m_alone(at(h));
      std::vector<float> c(at(h)), c_alone(at(h));
      lstm_cell_forward(z.data(), bias.data(), before.data(), clip, h, gates.data(), c.data(),
                        m.data());
      // Without storing the gates.
      lstm_cell_forward(z.data(), bias.data(), before.data(), clip, h, static_cast<T*>(nullptr),
                        c_alone.data(), m_alone.data());
      ASSERT_EQ(c, c_alone);
      ASSERT_EQ(0, std::memcmp(m.data(), m_alone.data(), m.size() * sizeof(T)));
      const std::vector<T> activated = gates;
      const Numbers d_c_after = d_c;
      lstm_cell_backward(d_m.data(), before.data(), c.data(), clip, h, gates.data(), d_c.data());
      for (std::int64_t k = 0; k < h; ++k) {
        SCOPED_TRACE(testing::Message() << "cell " << k << " of " << h << ", clip " << clip);
        double gate[4];
        for (int g = 0; g < 4; ++g) {
          const double sum = static_cast<double>(z[g * h + k]) + bias[g * h + k];
          gate[g] = g == 1 ? std::tanh(sum) : sigmoid(sum);
          ASSERT_NEAR(to_float(activated[at(g * h + k)]), gate[g],
                      cell_error<T>() + rounding<T>(gate[g]));
        }
        double cell = gate[2] * before[k] + gate[0] * gate[1];
        if (clip > 0) cell = std::clamp<double>(cell, -clip, clip);
        ASSERT_NEAR(c[at(k)], cell, cell_error<T>());
        const double out = gate[3] * std::tanh(cell);
        ASSERT_NEAR(to_float(m[at(k)]), out, cell_error<T>() + rounding<T>(out));

        // From the stored values, so that rounding to T is not counted twice.
        const double i = to_float(activated[at(k)]), j = to_float(activated[at(h + k)]);
        const double f = to_float(activated[at(2 * h + k)]);
        const double o = to_float(activated[at(3 * h + k)]);
        const double tc = std::tanh(static_cast<double>(c[at(k)]));
        double d = d_m[k] * o * (1 - tc * tc) + d_c_after[k];
        if (clip > 0 && std::abs(c[at(k)]) >= clip) d = 0;
        const double d_z[4] = {d * j * i * (1 - i), d * i * (1 - j * j),
                               d * before[k] * f * (1 - f), d_m[k] * tc * o * (1 - o)};
        for (int g = 0; g < 4; ++g) {
          ASSERT_NEAR(to_float(gates[at(g * h + k)]), d_z[g],
                      cell_error<T>() + rounding<T>(d_z[g]));
        }
        ASSERT_NEAR(d_c[k], d * f, cell_error<T>());
      }
    }
  }
}

// Numbers that a diverged model or a hostile file brings.
TYPED_TEST(Kernels, CellsSaturateAtHugeSums) {
  using T = TypeParam;
  for (const float huge : {90.0f, 3e4f, 1e30f, 3e38f}) {
    constexpr std::int64_t h = 37;
    std::vector<float> z(4 * h, huge), bias(4 * h, 0.0f), before(h, 0.5f), c(h);
    std::vector<T> gates(4 * h), m(h);
    for (std::int64_t k = 0; k < h; k += 2) {
      for (std::int64_t g = 0; g < 4; ++g) z[static_cast<std::size_t>(g * h + k)] = -huge;
    }
    lstm_cell_forward(z.data(), bias.data(), before.data(), 0, h, gates.data(), c.data(), m.data());
    for (std::size_t k = 0; k < h; ++k) {
      const bool open = k % 2 == 1;
      ASSERT_NEAR(c[k], open ? 1.5 : 0, cell_error<T>()) << k << " of " << huge;
      ASSERT_NEAR(to_float(m[k]), open ? std::tanh(1.5) : 0, cell_error<T>() + rounding<T>(1));
    }
  }
}

TYPED_TEST(Kernels, SoftmaxPartAndScaling) {
  using T = TypeParam;
  for (const std::int64_t n : kSizes) {
    Numbers logits(n, 1, 20), bias(n, 2, 3);
    double most = -1e9, sum = 0;
    const auto logit = [&](std::int64_t v) { return static_cast<double>(logits[v]) + bias[v]; };
    for (std::int64_t v = 0; v < n; ++v) most = std::max(most, logit(v));
    EXPECT_NEAR(largest_sum(logits.data(), bias.data(), n), most, 2e-6 * std::abs(most));
    const auto shift = static_cast<float>(most - 5);
    for (std::int64_t v = 0; v < n; ++v) sum += std::exp(logit(v) - shift);
    std::vector<T> exps(static_cast<std::size_t>(n)), scaled(exps.size());
    const SoftmaxPart part = softmax_part(logits.data(), bias.data(), shift, n, exps.data());
    const SoftmaxPart alone =
        softmax_part(logits.data(), bias.data(), shift, n, static_cast<T*>(nullptr));
    ASSERT_NEAR(part.top, 5, 1e-5);
    ASSERT_NEAR(part.sum, sum, 2e-5 * sum);
    ASSERT_EQ(part.top, alone.top);
    ASSERT_EQ(part.sum, alone.sum);
    for (std::int64_t v = 0; v < n; ++v) {
      const double exact = std::exp(logit(v) - shift);
      ASSERT_NEAR(to_float(exps[static_cast<std::size_t>(v)]), exact,
                  5e-6 * std::exp(5) + rounding<T>(exact));
    }
    scale_values(logits.data(), 0.25f, n, scaled.data());
    for (std::int64_t v = 0; v < n; ++v) {
      ASSERT_NEAR(to_float(scaled[static_cast<std::size_t>(v)]), logits[v] / 4,
                  rounding<T>(logits[v] / 4));
    }
  }
}

// If the shift is far too low, the largest logit shows it, whatever the exponentials have become.
TEST(SoftmaxPart, TellsHowFarALogitLiesAboveItsShift) {
  std::vector<float> logits(40, 1.0f), bias(40, 0.0f), exps(40);
  logits[37] = 300;
  EXPECT_EQ(softmax_part(logits.data(), bias.data(), 0.0f, 40, exps.data()).top, 300);
  EXPECT_TRUE(std::isfinite(exps[37]));
}

TYPED_TEST(Kernels, ConversionColumnSumsAndTransposition) {
  using T = TypeParam;
  for (const std::int64_t n : kSizes) {
    const std::int64_t rows = 37, ld = n + 3;
    Numbers source(rows * ld, 1);
    std::vector<T> matrix(static_cast<std::size_t>(rows * ld));
    convert(source.data(), rows * ld, matrix.data());
    for (std::int64_t i = 0; i < rows * ld; ++i) {
      ASSERT_EQ(to_float(matrix[static_cast<std::size_t>(i)]), stored<T>(source[i]));
    }
    std::vector<float> sums(static_cast<std::size_t>(n), 1.0f), weighted(sums);
    add_column_sums(matrix.data(), rows, n, ld, sums.data());
    Numbers weights(rows, 9);
    add_column_sums(matrix.data(), weights.data(), rows, n, ld, weighted.data());
    const std::int64_t turned_ld = rows + 2;
    std::vector<T> turned(static_cast<std::size_t>(turned_ld * n));
    transpose(matrix.data(), ld, rows, n, turned.data(), turned_ld);
    for (std::int64_t j = 0; j < n; ++j) {
      double sum = 1, weighted_sum = 1;
      for (std::int64_t i = 0; i < rows; ++i) {
        const float value = to_float(matrix[static_cast<std::size_t>(i * ld + j)]);
        sum += value;
        weighted_sum += static_cast<double>(weights[i]) * value;
        ASSERT_EQ(to_float(turned[static_cast<std::size_t>(j * turned_ld + i)]), value);
      }
      ASSERT_NEAR(sums[static_cast<std::size_t>(j)], sum, 1e-5);
      ASSERT_NEAR(weighted[static_cast<std::size_t>(j)], weighted_sum, 2e-5);
    }
  }
}

TYPED_TEST(Kernels, RowsInterleaveInBlocks) {
  using T = TypeParam;
  for (const std::int64_t n : kSizes) {
    constexpr std::int64_t kBlock = 48, kStride = 70;
    Numbers first(n, 1), second(n, 2);
    std::vector<T> a(static_cast<std::size_t>(n)), b(a.size());
    convert(first.data(), n, a.data());
    convert(second.data(), n, b.data());
    for (const T* other : {static_cast<const T*>(b.data()), static_cast<const T*>(nullptr)}) {
      const std::int64_t blocks = (n + kBlock - 1) / kBlock;
      std::vector<Bf16> pairs(static_cast<std::size_t>(2 * blocks * kStride), Bf16{7});
      interleave_rows(a.data(), other, n, kBlock, kStride, pairs.data());
      std::vector<Bf16> expected(pairs.size(), Bf16{7});
      for (std::int64_t j = 0; j < n; ++j) {
        const auto at = static_cast<std::size_t>(2 * (j / kBlock * kStride + j % kBlock));
        expected[at] = to_bf16(first[j]);
        expected[at + 1] = other == nullptr ? Bf16{0} : to_bf16(second[j]);
      }
      for (std::size_t i = 0; i < pairs.size(); ++i) ASSERT_EQ(pairs[i].bits, expected[i].bits);
    }
  }
}

// Ties go to the even neighbour, whatever values are beside them.
TEST(Conversion, RoundsToTheNearestBf16) {
  std::vector<float> values;
  for (const std::uint32_t kept : {0x3F80u, 0x3F81u, 0xBFFFu, 0x7F7Eu, 0x0001u}) {
    for (const std::uint32_t cut : {0u, 1u, 0x7FFFu, 0x8000u, 0x8001u, 0xFFFFu}) {
      const std::uint32_t bits = kept << 16 | cut;
      float value;
      std::memcpy(&value, &bits, sizeof value);
      values.push_back(value);
    }
  }
  while (values.size() % 32 != 0) values.push_back(values[values.size() % 30]);
  for (std::size_t shift = 0; shift < 2; ++shift) {
    const auto size = static_cast<std::int64_t>(values.size() - shift);
    std::vector<Bf16> rounded(values.size());
    convert(values.data() + shift, size, rounded.data());
    for (std::size_t i = shift; i < values.size(); ++i) {
      EXPECT_EQ(rounded[i - shift].bits, to_bf16(values[i]).bits) << values[i];
    }
  }
}

TEST(Activations, AgreeWithDoubleWhereverAValueStands) {
  for (const std::int64_t size : kSizes) {
    Numbers x(size, 21, 9), sigmoids(size, 21, 9), tanhs(size, 21, 9);
    apply_sigmoid(sigmoids.data(), size);
    apply_tanh(tanhs.data(), size);
    for (std::int64_t i = 0; i < size; ++i) {
      EXPECT_NEAR(sigmoids[i], sigmoid(x[i]), 3e-7);
      EXPECT_NEAR(tanhs[i], std::tanh(static_cast<double>(x[i])), 3e-7);
      float alone = x[i];
      apply_tanh(&alone, 1);
      EXPECT_EQ(alone, tanhs[i]);
    }
  }
}

TEST(Optimisers, UpdatesAreThoseOfTheirFormulas) {
  for (const std::int64_t n : kSizes) {
    constexpr double kScale = 0.5, kRate = 0.1;
    Numbers gradient(n, 1), accumulator(n, 2), mean(n, 3), variance(n, 4);
    for (std::int64_t k = 0; k < n; ++k) {
      accumulator.data()[k] = 1 + std::abs(accumulator[k]);
      variance.data()[k] = 0.01f + std::abs(variance[k]);
    }
    const Numbers weights(n, 5), a0 = accumulator, m0 = mean, v0 = variance;
    Numbers adagrad = weights, adam = weights;
    adagrad_update(adagrad.data(), gradient.data(), accumulator.data(), n, kScale, kRate, 1e-10f);
    adam_update(adam.data(), gradient.data(), mean.data(), variance.data(), n, kScale, kRate, 0.9f,
                0.999f, 1e-8f, 0.19f, 0.001999f);
    for (std::int64_t k = 0; k < n; ++k) {
      const double g = kScale * gradient[k];
      const double a = a0[k] + g * g, m = 0.9 * m0[k] + 0.1 * g, v = 0.999 * v0[k] + 0.001 * g * g;
      ASSERT_NEAR(accumulator[k], a, 1e-6);
      ASSERT_NEAR(adagrad[k], weights[k] - kRate * g / (std::sqrt(a) + 1e-10), 1e-6);
      ASSERT_NEAR(mean[k], m, 1e-6);
      ASSERT_NEAR(variance[k], v, 1e-6);
      const double step = kRate * (m / 0.19) / (std::sqrt(v / 0.001999) + 1e-8);
      ASSERT_NEAR(adam[k], weights[k] - step, 2e-6);
    }
  }
}

TEST(SumOfSquares, IsThatOfDoubles) {
  for (const std::int64_t n : {1, 7, 8, 9, 1023, 1024, 1025, 5000}) {
    Numbers values(n, 1);
    double sum = 0;
    for (std::int64_t k = 0; k < n; ++k) sum += static_cast<double>(values[k]) * values[k];
    EXPECT_NEAR(sum_of_squares(values.data(), n), sum, 1e-6 * sum + 1e-7) << n;
  }
}

}  // namespace
}  // namespace elmo
