// The number formats of matrix products.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace elmo {

// kBf16: operands of products and stored activations in bfloat16, accumulation, cell state,
// softmax statistics, gradients of weights, optimiser and master weights in float32.
enum class Precision { kF32, kBf16 };
constexpr std::string_view precision_name(Precision precision) {
  return precision == Precision::kBf16 ? "bf16" : "f32";
}

// Does this CPU (within ONEDNN_MAX_CPU_ISA) multiply bf16 in hardware (AVX512_BF16 or AMX)? Without
// it products of bf16 numbers are made in f32, which is slow.
bool cpu_has_bf16();
// Are bf16 products faster than f32's here? With AMX, and with AVX512_BF16 on CPUs of other makers
// than Intel: twice as fast on Zen 4 (416 to 454 GFLOP/s against 208 to 229), while a Sapphire
// Rapids without AMX makes 92 against 180.
bool bf16_is_faster();
// f32|bf16|auto (bf16 where bf16_is_faster()). Throws UsageError for another name; warns once of
// bf16 where cpu_has_bf16() does not hold.
Precision parse_precision(std::string_view name);

// The upper half of a float32.
struct Bf16 {
  std::uint16_t bits;
};

inline float to_float(Bf16 value) {
  const std::uint32_t bits = static_cast<std::uint32_t>(value.bits) << 16;
  float result;
  std::memcpy(&result, &bits, sizeof result);
  return result;
}
inline float to_float(float value) { return value; }

// The precision of numbers of type T, float or Bf16.
template <typename T>
constexpr Precision kPrecisionOf = sizeof(T) == 2 ? Precision::kBf16 : Precision::kF32;

// Round to nearest, ties to even; NaN stays NaN.
inline Bf16 to_bf16(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u) return {static_cast<std::uint16_t>((bits >> 16) | 64)};
  bits += 0x7FFFu + ((bits >> 16) & 1);
  return {static_cast<std::uint16_t>(bits >> 16)};
}

}  // namespace elmo
