// The number formats of matrix products.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace elmo {

// kBf16: operands of products and stored activations are bfloat16; accumulation, cell state,
// softmax statistics, weight gradients, optimiser state and master weights stay float32.
enum class Precision { kF32, kBf16 };
constexpr std::string_view precision_name(Precision precision) {
  return precision == Precision::kBf16 ? "bf16" : "f32";
}

// Whether this CPU, within ONEDNN_MAX_CPU_ISA, multiplies bf16 in hardware (AVX512_BF16 or AMX).
// Without it, products of bf16 numbers are computed in f32, which is slow.
bool cpu_has_bf16();
// Whether bf16 products are faster than f32's on this CPU: with AMX, and with AVX512_BF16 on CPUs
// not made by Intel. They are twice as fast on Zen 4 (416 to 454 GFLOP/s against 208 to 229),
// whereas a Sapphire Rapids without AMX reaches 92 against 180.
bool bf16_is_faster();
// Parses f32, bf16 or auto (bf16 if bf16_is_faster()). Throws UsageError for another name. Warns,
// once, if bf16 is requested on a CPU without it (cpu_has_bf16()).
Precision parse_precision(std::string_view name);

// bfloat16: the upper half of a float32.
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

// The precision whose operands have type T, float or Bf16.
template <typename T>
constexpr Precision kPrecisionOf = sizeof(T) == 2 ? Precision::kBf16 : Precision::kF32;

// Rounds to nearest, ties to even; NaN stays NaN.
inline Bf16 to_bf16(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u) return {static_cast<std::uint16_t>((bits >> 16) | 64)};
  bits += 0x7FFFu + ((bits >> 16) & 1);
  return {static_cast<std::uint16_t>(bits >> 16)};
}

}  // namespace elmo
