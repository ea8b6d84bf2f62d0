#include "io/half.h"

#include <bit>

namespace elmo {
namespace {

// Selects instead of branching, so that the compiler vectorises the loops below.

std::uint16_t to_half(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = bits >> 16 & 0x8000;
  const std::uint32_t magnitude = bits & 0x7fffffff;
  // Drops 13 bits of the mantissa. Adding 0xfff plus the lowest kept bit rounds to nearest even; a
  // carry may go into the exponent. 112 is the difference of the exponent biases (127 - 15).
  const std::uint32_t normal =
      (magnitude + 0xfff + (magnitude >> 13 & 1) - (std::uint32_t{112} << 23)) >> 13;
  // Halves below 2^-14 are multiples of 2^-24. That is the last bit of a float near 0.5, so adding
  // 0.5 makes the processor round correctly.
  const std::uint32_t subnormal =
      std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) -
      std::bit_cast<std::uint32_t>(0.5f);
  constexpr std::uint32_t kSmallestNormal = std::uint32_t{113} << 23;  // 2^-14
  constexpr std::uint32_t kInfinity = std::uint32_t{255} << 23;
  constexpr std::uint32_t kOverflow = 0x477ff000;  // 65520
  std::uint32_t result = magnitude < kSmallestNormal ? subnormal : normal;
  result = magnitude >= kOverflow ? 0x7c00 : result;
  result = magnitude > kInfinity ? 0x7e00 : result;
  return static_cast<std::uint16_t>(sign | result);
}

float from_half(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000) << 16;
  const std::uint32_t magnitude = half & 0x7fff;
  const std::uint32_t normal = (magnitude << 13) + (std::uint32_t{112} << 23);
  const std::uint32_t subnormal =
      std::bit_cast<std::uint32_t>(static_cast<float>(static_cast<int>(magnitude)) * 0x1p-24f);
  const std::uint32_t special = magnitude << 13 | 0x7f800000;  // infinity and NaN
  std::uint32_t result = magnitude < 0x400 ? subnormal : normal;
  result = magnitude >= 0x7c00 ? special : result;
  return std::bit_cast<float>(sign | result);
}

}  // namespace

void float_to_half(const float* from, std::uint16_t* to, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) to[i] = to_half(from[i]);
}

void half_to_float(const std::uint16_t* from, float* to, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) to[i] = from_half(from[i]);
}

}  // namespace elmo
