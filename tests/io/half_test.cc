#include "io/half.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

namespace elmo {
namespace {

// The reference: a half by its definition, in double.
double value_of(std::uint16_t half) {
  const int exponent = half >> 10 & 31, mantissa = half & 1023;
  const double sign = half >> 15 ? -1 : 1;
  if (exponent == 31) {
    return mantissa ? std::numeric_limits<double>::quiet_NaN()
                    : sign * std::numeric_limits<double>::infinity();
  }
  if (exponent == 0) return sign * std::ldexp(mantissa, -24);
  return sign * std::ldexp(1024 + mantissa, exponent - 25);
}

std::uint16_t half_of(float value) {
  std::uint16_t half;
  float_to_half(&value, &half, 1);
  return half;
}

TEST(HalfTest, AllHalvesThereAndBack) {
  std::vector<std::uint16_t> halves(65536), again(65536);
  for (std::size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<std::uint16_t>(i);
  std::vector<float> floats(65536);
  half_to_float(halves.data(), floats.data(), halves.size());
  float_to_half(floats.data(), again.data(), floats.size());
  for (std::size_t i = 0; i < halves.size(); ++i) {
    const double expected = value_of(halves[i]);
    if (std::isnan(expected)) {
      EXPECT_TRUE(std::isnan(floats[i])) << i;
      EXPECT_TRUE(std::isnan(value_of(again[i]))) << i;
    } else {
      ASSERT_EQ(floats[i], expected) << i;
      ASSERT_EQ(std::signbit(floats[i]), std::signbit(expected)) << i;
      ASSERT_EQ(again[i], halves[i]);
    }
  }
}

// Between any two neighbours: below, at and above the midpoint.
TEST(HalfTest, RoundsToNearestEven) {
  for (std::uint16_t half = 0; half < 0x7bff; ++half) {
    const auto next = static_cast<std::uint16_t>(half + 1);
    const auto middle = static_cast<float>((value_of(half) + value_of(next)) / 2);
    const std::uint16_t even = half % 2 == 0 ? half : next;
    for (const float sign : {1.0f, -1.0f}) {
      const int bit = sign < 0 ? 0x8000 : 0;
      ASSERT_EQ(half_of(sign * middle), even | bit) << half;
      ASSERT_EQ(half_of(sign * std::nextafter(middle, 0.0f)), half | bit) << half;
      ASSERT_EQ(half_of(sign * std::nextafter(middle, 1e9f)), next | bit) << half;
    }
  }
}

TEST(HalfTest, EdgesOfTheRange) {
  EXPECT_EQ(half_of(65504.0f), 0x7bff);
  EXPECT_EQ(half_of(std::nextafter(65520.0f, 0.0f)), 0x7bff);
  EXPECT_EQ(half_of(65520.0f), 0x7c00);
  EXPECT_EQ(half_of(-3e38f), 0xfc00);
  EXPECT_EQ(half_of(std::numeric_limits<float>::infinity()), 0x7c00);
  EXPECT_EQ(half_of(std::numeric_limits<float>::denorm_min()), 0);
  EXPECT_EQ(half_of(-0.0f), 0x8000);
  // A NaN whose payload is only in the dropped bits must not become infinity.
  EXPECT_EQ(half_of(std::bit_cast<float>(0x7f800001u)) & 0x7fff, 0x7e00);
  EXPECT_EQ(half_of(std::bit_cast<float>(0xffffffffu)), 0xfe00);
}

// For all lengths and alignments, the vectorised loop must agree with single conversions.
TEST(HalfTest, AllLengthsAroundTheVectorWidth) {
  for (std::size_t shift = 0; shift < 3; ++shift) {
    for (std::size_t count = 0; count < 70; ++count) {
      std::vector<float> floats(count + shift);
      for (std::size_t i = 0; i < floats.size(); ++i) {
        floats[i] = std::ldexp(1.2345f + static_cast<float>(i), static_cast<int>(i % 50) - 30);
      }
      std::vector<std::uint16_t> halves(count + shift + 1, 0xabcd);
      float_to_half(floats.data() + shift, halves.data() + shift, count);
      for (std::size_t i = shift; i < count + shift; ++i) EXPECT_EQ(halves[i], half_of(floats[i]));
      EXPECT_EQ(halves.back(), 0xabcd);
    }
  }
}

}  // namespace
}  // namespace elmo
