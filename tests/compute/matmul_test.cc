#include "compute/matmul.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "compute/random.h"
#include "elmo/error.h"
#include "tests/support/precisions.h"

namespace elmo {
namespace {

struct Sizes {
  std::int64_t k, n;
};
// Those of the presets' layers (the softmax's cut short), and odd ones.
constexpr Sizes kSizes[] = {{24, 24},    {128, 512}, {64, 128},  {128, 64}, {256, 4096},
                            {1024, 128}, {100, 37},  {1, 1},     {7, 130},  {4096, 256},
                            {128, 2003}, {2003, 64}, {512, 2000}};

template <typename T>
AlignedArray<T> numbers(std::int64_t size, std::uint64_t seed) {
  const Random random(seed, RandomUse::kInitialise);
  AlignedArray<T> result(static_cast<std::size_t>(size));
  for (std::size_t i = 0; i < result.size(); ++i) {
    const float value = random.uniform(i) - 0.5f;
    if constexpr (std::is_same_v<T, Bf16>) {
      result[i] = to_bf16(value);
    } else {
      result[i] = value;
    }
  }
  return result;
}

// Calls test with a float or a Bf16 for each precision that this CPU has.
template <typename F>
void for_each_precision(F&& test) {
  for (const Precision precision : available_precisions()) {
    SCOPED_TRACE(precision_name(precision));
    if (precision == Precision::kBf16) {
      test(Bf16{}, precision);
    } else {
      test(float{}, precision);
    }
  }
}

// Sums of k products of operands below 1/2, in float32 in any order, stay within k epsilon of the
// sum of the absolute products, which is below k / 4.
double tolerance(std::int64_t k) {
  const auto terms = static_cast<double>(k);
  return terms * std::numeric_limits<float>::epsilon() * terms / 4;
}

TEST(Matmul, ProductsAreThoseOfAPlainLoop) {
  for_each_precision([](auto type, Precision precision) {
    using T = decltype(type);
    for (const auto& [k, n] : kSizes) {
      for (const std::int64_t rows : {1, 2, 15, 16, 17, 49, 64, 65}) {
        // Gaps between the rows of x and y.
        const std::int64_t ldx = k + 3, ldy = n + 5;
        const auto x = numbers<T>(rows * ldx, 1), weights = numbers<T>(k * n, 2);
        PackedMatrix packed(k, n, precision);
        packed.pack(weights.data(), n, 1);
        AlignedArray<float> y(static_cast<std::size_t>(rows * ldy));
        for (float& value : y.span()) value = 7;
        multiply(x.data(), ldx, rows, packed, y.data(), ldy);
        multiply(x.data(), ldx, rows, packed, y.data(), ldy, true);
        for (std::int64_t i = 0; i < rows; ++i) {
          for (std::int64_t j = 0; j < ldy; ++j) {
            double sum = 0;
            for (std::int64_t q = 0; q < k && j < n; ++q) {
              sum += static_cast<double>(to_float(x.data()[i * ldx + q])) *
                     to_float(weights.data()[q * n + j]);
            }
            const double expected = j < n ? 2 * sum : 7;
            ASSERT_NEAR(y.data()[i * ldy + j], expected, 2 * tolerance(k) + 1e-6)
                << rows << " x " << k << " x " << n << " at " << i << ", " << j;
          }
        }
      }
    }
  });
}

TEST(Matmul, ARowHasTheSameBitsInAnyNumberOfRowsAtAnyPlace) {
  for_each_precision([](auto type, Precision precision) {
    using T = decltype(type);
    constexpr std::int64_t kMost = 130;
    for (const auto& [k, n] : kSizes) {
      const auto row = numbers<T>(k, 1), weights = numbers<T>(k * n, 2);
      PackedMatrix packed(k, n, precision);
      packed.pack(weights.data(), n, 1);
      AlignedArray<T> x(static_cast<std::size_t>(kMost * k));
      for (std::int64_t i = 0; i < kMost; ++i) {
        std::memcpy(x.data() + i * k, row.data(), static_cast<std::size_t>(k) * sizeof(T));
      }
      AlignedArray<float> y(static_cast<std::size_t>(kMost * n));
      std::vector<float> alone(static_cast<std::size_t>(n));
      multiply(x.data(), k, 1, packed, alone.data(), n);
      auto twice = alone;
      multiply(x.data(), k, 1, packed, twice.data(), n, true);
      for (const std::int64_t rows : {2, 6, 16, 17, 31, 32, 33, 48, 50, 63, 64, 65, 96, 128, 130}) {
        for (const bool accumulate : {false, true}) {
          const auto& expected = accumulate ? twice : alone;
          if (!accumulate) y.zero();
          multiply(x.data(), k, rows, packed, y.data(), n, accumulate);
          for (std::int64_t i = 0; i < rows; ++i) {
            ASSERT_EQ(
                std::memcmp(expected.data(), y.data() + i * n, expected.size() * sizeof(float)), 0)
                << "row " << i << " of " << rows << ", " << k << " x " << n;
          }
        }
      }
    }
  });
}

TEST(Matmul, TransposedProductsAreThoseOfAPlainLoopHoweverTheyAreDivided) {
  for_each_precision([](auto type, Precision precision) {
    using T = decltype(type);
    constexpr std::int64_t kRows = 320, kOut = 300, kWidth = 70, kStride = 333;
    const auto a = numbers<T>(kRows * kStride, 3), b = numbers<T>(kRows * kWidth, 4);
    PackedMatrix packed(kRows, kWidth, precision);
    packed.pack(b.data(), kWidth, 1);
    std::vector<float> whole(kOut * kWidth), parts(whole.size());
    multiply_transposed(a.data(), kStride, kOut, packed, whole.data());
    for (const auto& [from, size] : {std::pair<int, int>{0, 64}, {64, 200}, {264, 36}}) {
      multiply_transposed(a.data() + from, kStride, size, packed, parts.data() + from * kWidth);
    }
    EXPECT_EQ(whole, parts);
    for (std::int64_t i = 0; i < kOut; ++i) {
      for (std::int64_t j = 0; j < kWidth; ++j) {
        double sum = 0;
        for (std::int64_t q = 0; q < kRows; ++q) {
          sum += static_cast<double>(to_float(a.data()[q * kStride + i])) *
                 to_float(b.data()[q * kWidth + j]);
        }
        ASSERT_NEAR(whole[static_cast<std::size_t>(i * kWidth + j)], sum, tolerance(kRows));
      }
    }
  });
}

TEST(Matmul, PackingFromEitherLayoutGivesTheSameProductOnEveryThread) {
  constexpr std::int64_t kK = 96, kN = 200, kRows = 33;
  const auto x = numbers<float>(kRows * kK, 5), weights = numbers<float>(kK * kN, 6);
  AlignedArray<float> turned(weights.size());
  for (std::int64_t i = 0; i < kK; ++i) {
    for (std::int64_t j = 0; j < kN; ++j) turned.data()[j * kK + i] = weights.data()[i * kN + j];
  }
  PackedMatrix one(kK, kN, Precision::kF32), other(kK, kN, Precision::kF32);
  one.pack(weights.data(), kN, 1);
  other.pack(turned.data(), 1, kK);
  std::vector<float> here(kRows * kN), there(here.size());
  multiply(x.data(), kK, kRows, one, here.data(), kN);
  std::thread([&] { multiply(x.data(), kK, kRows, other, there.data(), kN); }).join();
  EXPECT_EQ(here, there);
}

TEST(Precision, Bf16IsRefusedWhereTheCpuHasNone) {
  EXPECT_EQ(parse_precision("f32"), Precision::kF32);
  EXPECT_THROW(parse_precision("f16"), UsageError);
  if (cpu_has_bf16()) {
    EXPECT_EQ(parse_precision("bf16"), Precision::kBf16);
    EXPECT_EQ(parse_precision("auto"), Precision::kBf16);
  } else {
    EXPECT_THROW(parse_precision("bf16"), UsageError);
    EXPECT_EQ(parse_precision("auto"), Precision::kF32);
  }
}

}  // namespace
}  // namespace elmo
