#include "compute/matmul.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <dnnl.hpp>
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
// The shapes of W in all products that are used: the presets' LSTM layers (a step's block of cells,
// the projection, both backward passes), softmax blocks, weight gradients (rows of a group by the
// width of an operand), official character encoders and tasks with default settings. And some odd
// ones.
constexpr Sizes kSizes[] = {
    {128, 512},   {128, 64},   {512, 128},  {64, 128},                 // tiny
    {256, 1024},  {1024, 128}, {1024, 256}, {128, 1024},               // small
    {512, 1024},  {2048, 256}, {1024, 512}, {256, 1024},               // medium
    {1024, 1024}, {4096, 512}, {512, 1024},                            // original
    {128, 640},   {640, 128},  {128, 2003}, {2003, 64},                // softmax, last blocks
    {640, 256},   {640, 1024}, {640, 2048}, {640, 4096}, {320, 512},   // weight gradients
    {208, 128},   {224, 128},  {128, 128},  {256, 2048},               //
    {2048, 2048}, {2048, 512}, {2048, 128}, {128, 2048}, {512, 2048},  // characters
    {256, 1200},  {300, 1200}, {1200, 300}, {900, 100},  {50, 300},    // tasks
    {24, 24},     {100, 37},   {1, 1},      {7, 130},    {300, 1},     //
    {300, 15},    {17, 33},    {16384, 17}, {1, 40},     {2560, 2}};

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

// Calls `test` with a float and a Bf16 argument.
template <typename F>
void for_each_precision(F&& test) {
  for (const Precision precision : kPrecisions) {
    SCOPED_TRACE(precision_name(precision));
    if (precision == Precision::kBf16) {
      test(Bf16{}, precision);
    } else {
      test(float{}, precision);
    }
  }
}

// A product by oneDNN itself, with gaps between the rows of x and y; the result is not used.
void multiply_with_gaps(std::int64_t rows, std::int64_t k, std::int64_t n) {
  omp_set_num_threads(1);  // oneDNN's cache distinguishes numbers of threads
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  using dnnl::memory;
  const auto f32 = memory::data_type::f32;
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  const auto describe = [&](std::int64_t count, const memory::desc& w, std::int64_t gap) {
    const memory::desc x({count, k}, f32, memory::dims{k + gap, 1});
    const memory::desc y({count, n}, f32, memory::dims{n + gap, 1});
#if DNNL_VERSION_MAJOR >= 3
    return dnnl::matmul::primitive_desc(engine, x, w, y, attributes);
#else
    return dnnl::matmul::primitive_desc(dnnl::matmul::desc(x, w, y), attributes, engine);
#endif
  };
  // W in the layout for a product without gaps.
  const memory::desc w =
      describe(64, memory::desc({k, n}, f32, memory::format_tag::any), 0).weights_desc();
  const auto description = describe(rows, w, 3);
  const auto of = [&](const memory::desc& what) { return memory(what, engine); };
  dnnl::matmul(description)
      .execute(stream, {{DNNL_ARG_SRC, of(description.src_desc())},
                        {DNNL_ARG_WEIGHTS, of(description.weights_desc())},
                        {DNNL_ARG_DST, of(description.dst_desc())},
                        {DNNL_ARG_SCRATCHPAD, of(description.scratchpad_desc())}});
  stream.wait();
}

// A sum of k products of operands below 1/2, in float32 and any order, is within k epsilon of the
// sum of the absolute products, which is below k / 4.
double tolerance(std::int64_t k) {
  const auto terms = static_cast<double>(k);
  return terms * std::numeric_limits<float>::epsilon() * terms / 4;
}

// For bf16 the operands are rounded beforehand. The tolerance is then that of f32, both for native
// products (a product of two bf16 values is exact in f32) and for emulated ones, and the two differ
// by at most twice that.
TEST(Matmul, ProductsAreThoseOfAPlainLoop) {
  for_each_precision([](auto type, Precision precision) {
    using T = decltype(type);
    for (const auto& [k, n] : kSizes) {
      if (k * n > 300'000) continue;  // the plain loop is slow; larger matrices are tested below
      for (const std::int64_t rows : {1, 15, 16, 49, 65}) {
        const auto x = numbers<T>(rows * k, 1), weights = numbers<T>(k * n, 2);
        PackedMatrix packed(k, n, precision);
        packed.pack(weights.data(), n, 1);
        AlignedArray<float> y(static_cast<std::size_t>(rows * n + 1));
        y[static_cast<std::size_t>(rows * n)] = 7;
        multiply(x.data(), rows, packed, y.data());
        multiply(x.data(), rows, packed, y.data(), true);
        for (std::int64_t i = 0; i < rows; ++i) {
          for (std::int64_t j = 0; j < n; ++j) {
            double sum = 0;
            for (std::int64_t q = 0; q < k; ++q) {
              sum += static_cast<double>(to_float(x.data()[i * k + q])) *
                     to_float(weights.data()[q * n + j]);
            }
            ASSERT_NEAR(y.data()[i * n + j], 2 * sum, 2 * tolerance(k) + 1e-6)
                << rows << " x " << k << " x " << n << " at " << i << ", " << j;
          }
        }
        EXPECT_EQ(y[static_cast<std::size_t>(rows * n)], 7) << "written behind the result";
      }
    }
  });
}

// Deep and large matrices, which bf16 products process in slices.
TEST(Matmul, SlicesOfADeepProductAreAllThere) {
  for_each_precision([](auto type, Precision precision) {
    using T = decltype(type);
    for (const auto& [k, n] : {Sizes{4096, 512}, Sizes{2048, 2048}, Sizes{16384, 17}}) {
      constexpr std::int64_t kRows = 17;
      const auto x = numbers<T>(kRows * k, 1), weights = numbers<T>(k * n, 2);
      PackedMatrix packed(k, n, precision);
      packed.pack(weights.data(), n, 1);
      AlignedArray<float> y(static_cast<std::size_t>(kRows * n));
      multiply(x.data(), kRows, packed, y.data());
      for (const std::int64_t i : {std::int64_t{0}, kRows - 1}) {
        for (std::int64_t j = 0; j < n; j += 16) {
          double sum = 0;
          for (std::int64_t q = 0; q < k; ++q) {
            sum += static_cast<double>(to_float(x.data()[i * k + q])) *
                   to_float(weights.data()[q * n + j]);
          }
          ASSERT_NEAR(y.data()[i * n + j], sum, tolerance(k)) << k << " x " << n;
        }
      }
    }
  });
}

// Small numbers of rows one by one, and some larger ones.
TEST(Matmul, ARowHasTheSameBitsInAnyNumberOfRowsAtAnyPlace) {
  for_each_precision([](auto type, Precision precision) {
    using T = decltype(type);
    constexpr std::int64_t kMost = 150;
    for (const auto& [k, n] : kSizes) {
      const auto x = numbers<T>(kMost * k, 1), weights = numbers<T>(k * n, 2);
      PackedMatrix packed(k, n, precision);
      packed.pack(weights.data(), n, 1);
      const auto size = static_cast<std::size_t>(kMost * n);
      AlignedArray<float> once(size), twice(size), y(size);
      multiply(x.data(), kMost, packed, once.data());
      std::ranges::copy(once.span(), twice.data());
      multiply(x.data(), kMost, packed, twice.data(), true);
      const bool large = k * n > 500'000;  // fewer counts, to save time
      for (std::int64_t rows = 1; rows < kMost; rows += rows >= 65 ? 17
                                                        : large    ? 1 + rows / 3
                                                                   : 1) {
        for (const std::int64_t from : {std::int64_t{0}, kMost - rows}) {
          for (const bool accumulate : {false, true}) {
            const auto& expected = accumulate ? twice : once;
            std::copy_n(once.data() + from * n, rows * n, y.data());
            multiply(x.data() + from * k, rows, packed, y.data(), accumulate);
            ASSERT_EQ(std::memcmp(expected.data() + from * n, y.data(),
                                  static_cast<std::size_t>(rows * n) * sizeof(float)),
                      0)
                << rows << " rows from " << from << ", " << k << " x " << n
                << (accumulate ? ", added" : "");
          }
        }
      }
    }
  });
}

// oneDNN's primitive cache once returned the kernel of a product with gaps for one without.
TEST(Matmul, BitsDoNotDependOnWhatWasMultipliedBefore) {
  constexpr std::int64_t kK = 24, kN = 24;
  const auto x = numbers<float>(64 * kK, 1), weights = numbers<float>(kK * kN, 2);
  const auto product = [&](std::int64_t rows) {
    std::vector<float> y(static_cast<std::size_t>(rows * kN));
    // A new thread creates its kernels anew.
    std::thread([&] {
      PackedMatrix packed(kK, kN, Precision::kF32);
      packed.pack(weights.data(), kN, 1);
      multiply(x.data(), rows, packed, y.data());
    }).join();
    return y;
  };
  multiply_with_gaps(1, kK, kN);
  multiply_with_gaps(16, kK, kN);
  const std::vector<float> one = product(1), many = product(64);
  EXPECT_TRUE(std::equal(one.begin(), one.end(), many.begin()));
  multiply_with_gaps(64, kK, kN);
  EXPECT_EQ(one, product(1));
  EXPECT_EQ(many, product(64));
}

TEST(Matmul, LeavesTheCallersOpenMpAsItWas) {
  const int before = omp_get_max_threads();
  omp_set_num_threads(5);
  const auto x = numbers<float>(17 * 40, 1), weights = numbers<float>(40 * 40, 2);
  PackedMatrix packed(40, 40, Precision::kF32);
  packed.pack(weights.data(), 40, 1);
  std::vector<float> y(17 * 40);
  multiply(x.data(), 17, packed, y.data());
  EXPECT_EQ(omp_get_max_threads(), 5);
  omp_set_num_threads(before);
}

TEST(Matmul, TransposedProductsAreThoseOfAPlainLoopHoweverTheyAreDivided) {
  for_each_precision([](auto type, Precision precision) {
    using T = decltype(type);
    constexpr std::int64_t kRows = 320, kOut = 300, kWidth = 70, kStride = 333;
    const auto b = numbers<T>(kRows * kWidth, 4);
    const auto a = numbers<T>(kRows * kStride, 3);
    PackedMatrix packed(kRows, kWidth, precision);
    packed.pack(b.data(), kWidth, 1);
    std::vector<float> whole(kOut * kWidth), parts(whole.size()), in_runs(whole.size());
    multiply_transposed(a.data(), kStride, kOut, packed, whole.data());
    for (const auto& [from, size] : {std::pair<int, int>{0, 64}, {64, 200}, {264, 36}}) {
      multiply_transposed(a.data() + from, kStride, size, packed, parts.data() + from * kWidth);
    }
    EXPECT_EQ(whole, parts);
    // The same rows in groups of eight, with four other rows between them.
    const auto apart = numbers<T>(kRows * 3 / 2 * kStride, 5);
    AlignedArray<T> spread(apart.size());
    std::ranges::copy(apart.span(), spread.data());
    for (std::int64_t run = 0; run < kRows / 8; ++run) {
      std::copy_n(a.data() + run * 8 * kStride, 8 * kStride, spread.data() + run * 12 * kStride);
    }
    multiply_transposed(spread.data(), kStride, {kRows / 8, 8, 12 * kStride}, kOut, packed,
                        in_runs.data());
    EXPECT_EQ(whole, in_runs);
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
  multiply(x.data(), kRows, one, here.data());
  std::thread([&] { multiply(x.data(), kRows, other, there.data()); }).join();
  EXPECT_EQ(here, there);
}

// Operands of weight gradients whose rows bf16 products split in two, in runs across the split.
TEST(Matmul, TransposedProductsOfManyRowsAreThoseOfAPlainLoop) {
  for_each_precision([](auto type, Precision precision) {
    using T = decltype(type);
    constexpr std::int64_t kRunRows = 33, kRunCount = 100, kRows = kRunRows * kRunCount;
    constexpr std::int64_t kOut = 20, kWidth = 700;
    const auto a = numbers<T>(kRows * kOut, 3), b = numbers<T>(kRows * kWidth, 4);
    PackedMatrix packed(kRows, kWidth, precision);
    packed.pack(b.data(), kWidth, 1);
    std::vector<float> y(kOut * kWidth);
    multiply_transposed(a.data(), kOut, {kRunCount, kRunRows, kRunRows * kOut}, kOut, packed,
                        y.data());
    for (std::int64_t i = 0; i < kOut; ++i) {
      for (std::int64_t j = 0; j < kWidth; j += 9) {
        double sum = 0;
        for (std::int64_t q = 0; q < kRows; ++q) {
          sum += static_cast<double>(to_float(a.data()[q * kOut + i])) *
                 to_float(b.data()[q * kWidth + j]);
        }
        ASSERT_NEAR(y[static_cast<std::size_t>(i * kWidth + j)], sum, tolerance(kRows));
      }
    }
  });
}

TEST(Precision, NamesAreTakenOnEveryCpu) {
  EXPECT_EQ(parse_precision("f32"), Precision::kF32);
  EXPECT_EQ(parse_precision("bf16"), Precision::kBf16);
  EXPECT_EQ(parse_precision("auto"), bf16_is_faster() ? Precision::kBf16 : Precision::kF32);
  EXPECT_THROW(parse_precision("f16"), UsageError);
  EXPECT_TRUE(cpu_has_bf16() || !bf16_is_faster());
}

}  // namespace
}  // namespace elmo
