#include "compute/kernels.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string_view>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compute/kernels.cc"
// Three vector widths are enough: SSE4, AVX2 and AVX-512. (The lower 14 bits are all x86 targets
// except SSE2.)
#define HWY_DISABLED_TARGETS (0x3FFF & ~(HWY_SSE4 | HWY_AVX2 | HWY_AVX3))
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace elmo {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DF = hn::ScalableTag<float>;
using VF = hn::Vec<DF>;

HWY_INLINE VF load(const float* p) { return hn::LoadU(DF(), p); }
HWY_INLINE void store(VF v, float* p) { hn::StoreU(v, DF(), p); }

HWY_INLINE VF load(const Bf16* p) {
  const hn::Rebind<std::uint16_t, DF> d16;
  const hn::RebindToUnsigned<DF> d32;
  const auto half = hn::LoadU(d16, reinterpret_cast<const std::uint16_t*>(p));
  return hn::BitCast(DF(), hn::ShiftLeft<16>(hn::PromoteTo(d32, half)));
}
// Rounds to bf16 (to nearest, ties to even) in the upper half of the bits; the lower half is
// undefined. NaN is not handled: a NaN loss stops the training anyway.
HWY_INLINE hn::Vec<hn::RebindToUnsigned<DF>> upper_half(VF v) {
  const hn::RebindToUnsigned<DF> d32;
  const auto bits = hn::BitCast(d32, v);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(d32, 1));
  return hn::Add(bits, hn::Add(odd, hn::Set(d32, 0x7FFF)));
}
HWY_INLINE void store(VF v, Bf16* p) {
  const hn::Rebind<std::uint16_t, DF> d16;
  hn::StoreU(hn::TruncateTo(d16, hn::ShiftRight<16>(upper_half(v))), d16,
             reinterpret_cast<std::uint16_t*>(p));
}

// Stores two vectors as 2 * Lanes consecutive numbers. bf16 is rounded as above: up, if the lower
// half, plus one if the upper half is odd, exceeds the middle. This takes half the instructions of
// two single stores.
HWY_INLINE void store(VF a, VF b, float* p) {
  store(a, p);
  store(b, p + hn::Lanes(DF()));
}
HWY_INLINE void store(VF a, VF b, Bf16* p) {
#if HWY_TARGET == HWY_SCALAR
  store(a, p);
  store(b, p + 1);
#else
  const hn::Repartition<std::uint16_t, DF> d16;
  const auto low = hn::BitCast(d16, a), high = hn::BitCast(d16, b);
  const auto kept = hn::ConcatOdd(d16, high, low), cut = hn::ConcatEven(d16, high, low);
  const auto odd = hn::And(kept, hn::Set(d16, 1));
  const auto up = hn::Gt(hn::SaturatedAdd(cut, odd), hn::Set(d16, 0x8000));
  hn::StoreU(hn::Sub(kept, hn::VecFromMask(d16, up)), d16, reinterpret_cast<std::uint16_t*>(p));
#endif
}

// exp(kFactor x), where kFactor is a power of two or its negative: 2^n times a polynomial on
// [-ln2/2, ln2/2], 1 + r q(r), with the smallest maximal relative error of its degree (3e-9, by
// Remez's algorithm; 2e-7 with all roundings). The factor is folded into the coefficients, so it
// costs nothing. The exponent is clamped to [-87, 87], where the result is finite and fully
// precise. Adding 1.5 x 2^23 rounds to the integer n and leaves it in the low bits, which are
// shifted into the result's exponent.
template <int kFactor = 1>
HWY_INLINE VF exp(VF x) {
  const DF d;
  constexpr float kF = static_cast<float>(kFactor), kMost = 87.0f / (kFactor < 0 ? -kF : kF);
  const VF rounder = hn::Set(d, 12582912.0f);
  x = hn::Min(hn::Max(x, hn::Set(d, -kMost)), hn::Set(d, kMost));
  const VF rounded = hn::MulAdd(x, hn::Set(d, kF * 1.44269504088896341f), rounder);
  const VF n = hn::Sub(rounded, rounder);
#if HWY_NATIVE_FMA
  // The error is n times 2e-9.
  VF r = hn::NegMulAdd(n, hn::Set(d, 0.693147180559945309f / kF), x);
#else
  VF r = hn::NegMulAdd(n, hn::Set(d, 0.693359375f / kF), x);
  r = hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4f / kF), r);
#endif
  constexpr float kF2 = kF * kF, kF4 = kF2 * kF2;
  VF p = hn::Set(d, 1.4061604022e-3f * kF4 * kF2);
  p = hn::MulAdd(p, r, hn::Set(d, 8.3791069403e-3f * kF4 * kF));
  p = hn::MulAdd(p, r, hn::Set(d, 4.1664769341e-2f * kF4));
  p = hn::MulAdd(p, r, hn::Set(d, 1.6666364175e-1f * kF2 * kF));
  p = hn::MulAdd(p, r, hn::Set(d, 5.0000004371e-1f * kF2));
  p = hn::MulAdd(p, r, hn::Set(d, kF));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f));
  const hn::RebindToUnsigned<DF> bits;
  return hn::BitCast(d,
                     hn::Add(hn::BitCast(bits, p), hn::ShiftLeft<23>(hn::BitCast(bits, rounded))));
}
// exp(kFactor x) for results that are rounded to T.
template <typename T, int kFactor = 1>
HWY_INLINE VF exp_for(VF x) {
#if HWY_TARGET == HWY_AVX3
  if constexpr (std::is_same_v<T, Bf16>) {
    // 2^t = 2^(t - r) 2^r, where r is what rounding t leaves and 2^r a polynomial on [-1/2, 1/2]
    // (error 3e-6, by Remez's algorithm). Rounding t adds |x| times 6e-8; bf16's own rounding is
    // 2e-3. Each of AVX-512's two instructions for this saturates, so nothing is clamped: results
    // are in [0, infinity].
    const DF d;
    const VF t = hn::Mul(x, hn::Set(d, static_cast<float>(kFactor) * 1.44269504088896341f));
    const VF r{_mm512_reduce_ps(t.raw, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
    VF p = hn::Set(d, 9.5701019e-3f);
    p = hn::MulAdd(p, r, hn::Set(d, 5.5917860e-2f));
    p = hn::MulAdd(p, r, hn::Set(d, 2.4024745e-1f));
    p = hn::MulAdd(p, r, hn::Set(d, 6.9312181e-1f));
    p = hn::MulAdd(p, r, hn::Set(d, 9.9999926e-1f));
    return VF{_mm512_scalef_ps(p.raw, hn::Sub(t, r).raw)};
  }
#endif
  return exp<kFactor>(x);
}

// The same for factor 1, and at most e^87.
template <typename T>
HWY_INLINE VF finite_exp(VF x) {
#if HWY_TARGET == HWY_AVX3
  if constexpr (std::is_same_v<T, Bf16>) x = hn::Min(x, hn::Set(DF(), 87.0f));
#endif
  return exp_for<T>(x);
}

// 1 / (1 + e) for results that are rounded to T. AVX-512's estimate has 14 bits, enough for bf16;
// one Newton step yields 28, and a division would take as long as all of exp.
template <typename T>
HWY_INLINE VF reciprocal_above_one(VF e) {
  const VF one = hn::Set(DF(), 1.0f);
  const VF x = hn::Add(one, e);
#if HWY_TARGET == HWY_AVX3
  const VF estimate = hn::ApproximateReciprocal(x);
  if constexpr (std::is_same_v<T, Bf16>) return estimate;
  return hn::MulAdd(estimate, hn::NegMulAdd(x, estimate, one), estimate);
#else
  return hn::Div(one, x);
#endif
}
template <typename T>
HWY_INLINE VF sigmoid(VF x) {
  return reciprocal_above_one<T>(exp_for<T, -1>(x));
}
template <typename T>
HWY_INLINE VF tanh(VF x) {
  const VF half = reciprocal_above_one<T>(exp_for<T, -2>(x));
  return hn::Sub(hn::Add(half, half), hn::Set(DF(), 1.0f));
}

// Cells [k, k + count), where count is a multiple of the vector width, at most kPart. The gates are
// computed one after another because the processor overlaps several iterations of a loop over one
// function, but hardly two of a loop over all five.
constexpr std::int64_t kPart = 64;
template <typename T>
HWY_INLINE void cell_forward_part(const float* z, const float* bias, const float* c_previous,
                                  VF clip, std::int64_t h, std::int64_t k, std::int64_t count,
                                  T* gates, float* c, T* m) {
  const std::int64_t lanes = static_cast<std::int64_t>(hn::Lanes(DF()));
  HWY_ALIGN float active[4 * kPart];
  for (std::int64_t gate = 0; gate < 4; ++gate) {
    const float* from = z + gate * h + k;
    const float* add = bias + gate * h + k;
    float* to = active + gate * kPart;
    if (gate == 1) {
      for (std::int64_t q = 0; q < count; q += lanes) {
        store(tanh<T>(hn::Add(load(from + q), load(add + q))), to + q);
      }
    } else {
      for (std::int64_t q = 0; q < count; q += lanes) {
        store(sigmoid<T>(hn::Add(load(from + q), load(add + q))), to + q);
      }
    }
  }
  const auto finish = [&](std::int64_t q) HWY_ATTR {
    const VF i = load(active + q), j = load(active + kPart + q);
    const VF f = load(active + 2 * kPart + q), o = load(active + 3 * kPart + q);
    VF cell = hn::MulAdd(f, load(c_previous + k + q), hn::Mul(i, j));
    cell = hn::Min(hn::Max(cell, hn::Neg(clip)), clip);
    store(cell, c + k + q);
    return hn::Mul(o, tanh<T>(cell));
  };
  std::int64_t q = 0;
  for (; q + 2 * lanes <= count; q += 2 * lanes) {
    const VF first = finish(q);
    store(first, finish(q + lanes), m + k + q);
  }
  if (q < count) store(finish(q), m + k + q);
  for (std::int64_t gate = 0; gates != nullptr && gate < 4; ++gate) {
    const float* from = active + gate * kPart;
    T* to = gates + gate * h + k;
    for (q = 0; q + 2 * lanes <= count; q += 2 * lanes) {
      store(load(from + q), load(from + q + lanes), to + q);
    }
    if (q < count) store(load(from + q), to + q);
  }
}

template <typename T>
void cell_forward(const float* z, const float* bias, const float* c_previous, float cell_clip,
                  std::int64_t h, T* gates, float* c, T* m) {
  const std::int64_t lanes = static_cast<std::int64_t>(hn::Lanes(DF()));
  const VF clip = hn::Set(DF(), cell_clip > 0 ? cell_clip : 3.4e38f);
  const std::int64_t whole = h / lanes * lanes;
  for (std::int64_t k = 0; k < whole; k += kPart) {
    cell_forward_part(z, bias, c_previous, clip, h, k, std::min(kPart, whole - k), gates, c, m);
  }
  if (whole == h) return;
  // The tail is computed in padded copies one vector wide.
  constexpr std::int64_t kMax = 16;
  float tz[4 * kMax] = {}, tb[4 * kMax] = {}, tp[kMax] = {}, tc[kMax];
  T tg[4 * kMax], tm[kMax];
  for (std::int64_t g = 0; g < 4; ++g) {
    for (std::int64_t q = whole; q < h; ++q) {
      tz[g * lanes + q - whole] = z[g * h + q];
      tb[g * lanes + q - whole] = bias[g * h + q];
    }
  }
  for (std::int64_t q = whole; q < h; ++q) tp[q - whole] = c_previous[q];
  cell_forward_part(tz, tb, tp, clip, lanes, 0, lanes, tg, tc, tm);
  for (std::int64_t q = whole; q < h; ++q) {
    for (std::int64_t g = 0; gates != nullptr && g < 4; ++g) {
      gates[g * h + q] = tg[g * lanes + q - whole];
    }
    c[q] = tc[q - whole];
    m[q] = tm[q - whole];
  }
}

// The gradients of z for a vector of cells, by gate; cell_backward_at() updates d_c for the step
// before.
struct GateGradients {
  VF i, j, f, o;
};
template <typename T>
HWY_INLINE void store(const GateGradients& d, std::int64_t h, T* gates) {
  store(d.i, gates);
  store(d.j, gates + h);
  store(d.f, gates + 2 * h);
  store(d.o, gates + 3 * h);
}
template <typename T>
HWY_INLINE void store(const GateGradients& a, const GateGradients& b, std::int64_t h, T* gates) {
  store(a.i, b.i, gates);
  store(a.j, b.j, gates + h);
  store(a.f, b.f, gates + 2 * h);
  store(a.o, b.o, gates + 3 * h);
}
template <typename T>
HWY_INLINE GateGradients cell_backward_at(const float* d_m, const float* c_previous, const float* c,
                                          VF clip, std::int64_t h, std::int64_t k, const T* gates,
                                          float* d_c) {
  const VF one = hn::Set(DF(), 1.0f);
  const VF i = load(gates + k), j = load(gates + h + k);
  const VF f = load(gates + 2 * h + k), o = load(gates + 3 * h + k);
  const VF cell = load(c + k), dm = load(d_m + k);
  const VF tc = tanh<T>(cell);
  VF dc = hn::MulAdd(hn::Mul(dm, o), hn::NegMulAdd(tc, tc, one), load(d_c + k));
  dc = hn::IfThenElseZero(hn::Lt(hn::Abs(cell), clip), dc);
  store(hn::Mul(dc, f), d_c + k);
  return {hn::Mul(hn::Mul(dc, j), hn::Mul(i, hn::Sub(one, i))),
          hn::Mul(hn::Mul(dc, i), hn::NegMulAdd(j, j, one)),
          hn::Mul(hn::Mul(dc, load(c_previous + k)), hn::Mul(f, hn::Sub(one, f))),
          hn::Mul(hn::Mul(dm, tc), hn::Mul(o, hn::Sub(one, o)))};
}

template <typename T>
void cell_backward(const float* d_m, const float* c_previous, const float* c, float cell_clip,
                   std::int64_t h, T* gates, float* d_c) {
  const std::int64_t lanes = static_cast<std::int64_t>(hn::Lanes(DF()));
  const VF clip = hn::Set(DF(), cell_clip > 0 ? cell_clip : 3.4e38f);
  std::int64_t k = 0;
  for (; k + 2 * lanes <= h; k += 2 * lanes) {
    const GateGradients a = cell_backward_at(d_m, c_previous, c, clip, h, k, gates, d_c);
    const GateGradients b = cell_backward_at(d_m, c_previous, c, clip, h, k + lanes, gates, d_c);
    store(a, b, h, gates + k);
  }
  if (k + lanes <= h) {
    store(cell_backward_at(d_m, c_previous, c, clip, h, k, gates, d_c), h, gates + k);
    k += lanes;
  }
  if (k == h) return;
  constexpr std::int64_t kMax = 16;
  float tm[kMax] = {}, tp[kMax] = {}, tc[kMax] = {}, td[kMax] = {};
  T tg[4 * kMax] = {};
  for (std::int64_t q = k; q < h; ++q) {
    for (std::int64_t g = 0; g < 4; ++g) tg[g * lanes + q - k] = gates[g * h + q];
    tm[q - k] = d_m[q];
    tp[q - k] = c_previous[q];
    tc[q - k] = c[q];
    td[q - k] = d_c[q];
  }
  store(cell_backward_at(tm, tp, tc, clip, lanes, 0, tg, td), lanes, tg);
  for (std::int64_t q = k; q < h; ++q) {
    for (std::int64_t g = 0; g < 4; ++g) gates[g * h + q] = tg[g * lanes + q - k];
    d_c[q] = td[q - k];
  }
}

void cell_forward_f32(const float* z, const float* bias, const float* cp, float clip,
                      std::int64_t h, float* g, float* c, float* m) {
  cell_forward(z, bias, cp, clip, h, g, c, m);
}
void cell_forward_bf16(const float* z, const float* bias, const float* cp, float clip,
                       std::int64_t h, Bf16* g, float* c, Bf16* m) {
  cell_forward(z, bias, cp, clip, h, g, c, m);
}
void cell_backward_f32(const float* dm, const float* cp, const float* c, float clip, std::int64_t h,
                       float* g, float* dc) {
  cell_backward(dm, cp, c, clip, h, g, dc);
}
void cell_backward_bf16(const float* dm, const float* cp, const float* c, float clip,
                        std::int64_t h, Bf16* g, float* dc) {
  cell_backward(dm, cp, c, clip, h, g, dc);
}

// values[i] = f(values[i]); the remainder after whole vectors is computed in a padded copy.
template <typename F>
HWY_INLINE void map(float* values, std::int64_t size, F&& f) {
  const std::int64_t lanes = static_cast<std::int64_t>(hn::Lanes(DF()));
  std::int64_t k = 0;
  for (; k + lanes <= size; k += lanes) store(f(load(values + k)), values + k);
  if (k == size) return;
  float rest[16] = {};
  for (std::int64_t q = k; q < size; ++q) rest[q - k] = values[q];
  store(f(load(rest)), rest);
  for (std::int64_t q = k; q < size; ++q) values[q] = rest[q - k];
}
void sigmoid_values(float* values, std::int64_t size) {
  map(values, size, [](VF x) HWY_ATTR { return sigmoid<float>(x); });
}
void tanh_values(float* values, std::int64_t size) {
  map(values, size, [](VF x) HWY_ATTR { return tanh<float>(x); });
}

float largest(const float* x, const float* bias, std::int64_t n) {
  const DF d;
  const std::int64_t lanes = static_cast<std::int64_t>(hn::Lanes(d));
  VF top = hn::Set(d, -3.4e38f);
  std::int64_t k = 0;
  for (; k + lanes <= n; k += lanes) top = hn::Max(top, hn::Add(load(x + k), load(bias + k)));
  float result = hn::GetLane(hn::MaxOfLanes(d, top));
  for (; k < n; ++k) result = std::max(result, x[k] + bias[k]);
  return result;
}

HWY_INLINE void store_one(float value, float* p) { *p = value; }
HWY_INLINE void store_one(float value, Bf16* p) { *p = to_bf16(value); }

template <typename T>
SoftmaxPart exp_part(const float* x, const float* bias, float shift, std::int64_t n, T* exps) {
  const DF d;
  const std::int64_t lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const VF minus = hn::Set(d, shift);
  VF sum0 = hn::Zero(d), sum1 = sum0;
  VF top0 = hn::Set(d, -3.4e38f), top1 = top0;
  std::int64_t k = 0;
  for (; k + 2 * lanes <= n; k += 2 * lanes) {
    const VF a = hn::Sub(hn::Add(load(x + k), load(bias + k)), minus);
    const VF b = hn::Sub(hn::Add(load(x + k + lanes), load(bias + k + lanes)), minus);
    top0 = hn::Max(top0, a);
    top1 = hn::Max(top1, b);
    const VF exp_a = finite_exp<T>(a), exp_b = finite_exp<T>(b);
    if (exps != nullptr) store(exp_a, exp_b, exps + k);
    sum0 = hn::Add(sum0, exp_a);
    sum1 = hn::Add(sum1, exp_b);
  }
  SoftmaxPart part{hn::GetLane(hn::MaxOfLanes(d, hn::Max(top0, top1))),
                   static_cast<double>(hn::GetLane(hn::SumOfLanes(d, hn::Add(sum0, sum1))))};
  for (; k < n; ++k) {
    const float value = x[k] + bias[k] - shift;
    const float exponential = std::exp(std::clamp(value, -87.0f, 87.0f));
    part.top = std::max(part.top, value);
    if (exps != nullptr) store_one(exponential, exps + k);
    part.sum += exponential;
  }
  return part;
}
SoftmaxPart exp_part_f32(const float* x, const float* bias, float shift, std::int64_t n, float* y) {
  return exp_part(x, bias, shift, n, y);
}
SoftmaxPart exp_part_bf16(const float* x, const float* bias, float shift, std::int64_t n, Bf16* y) {
  return exp_part(x, bias, shift, n, y);
}

template <typename T>
void scale_to(const float* x, float scale, std::int64_t n, T* y) {
  const std::int64_t lanes = static_cast<std::int64_t>(hn::Lanes(DF()));
  const VF factor = hn::Set(DF(), scale);
  std::int64_t k = 0;
  for (; k + 2 * lanes <= n; k += 2 * lanes) {
    store(hn::Mul(load(x + k), factor), hn::Mul(load(x + k + lanes), factor), y + k);
  }
  for (; k < n; ++k) store_one(x[k] * scale, y + k);
}
void scale_f32(const float* x, float scale, std::int64_t n, float* y) { scale_to(x, scale, n, y); }
void scale_bf16(const float* x, float scale, std::int64_t n, Bf16* y) { scale_to(x, scale, n, y); }

void drop(float* x, const std::uint16_t* decisions, std::int64_t n, std::uint16_t threshold,
          float keep) {
  const DF d;
  const hn::Rebind<std::uint16_t, DF> d16;
  const hn::RebindToSigned<DF> d32;
  const std::int64_t lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const VF factor = hn::Set(d, keep);
  const auto least = hn::Set(d32, threshold);
  std::int64_t k = 0;
  for (; k + lanes <= n; k += lanes) {
    const auto drawn = hn::PromoteTo(d32, hn::LoadU(d16, decisions + k));
    const auto dropped = hn::RebindMask(d, hn::Lt(drawn, least));
    store(hn::Mul(load(x + k), hn::IfThenZeroElse(dropped, factor)), x + k);
  }
  for (; k < n; ++k) x[k] *= decisions[k] < threshold ? 0.0f : keep;
}

void add(const float* x, std::int64_t n, float* y) {
  const std::int64_t lanes = static_cast<std::int64_t>(hn::Lanes(DF()));
  std::int64_t k = 0;
  for (; k + lanes <= n; k += lanes) store(hn::Add(load(y + k), load(x + k)), y + k);
  for (; k < n; ++k) y[k] += x[k];
}

HWY_INLINE hn::Vec<hn::RebindToUnsigned<DF>> upper_half(const float* p) {
  return upper_half(load(p));
}
HWY_INLINE hn::Vec<hn::RebindToUnsigned<DF>> upper_half(const Bf16* p) {
  return hn::BitCast(hn::RebindToUnsigned<DF>(), load(p));
}

template <typename T>
void interleave(const T* a, const T* b, std::int64_t size, std::int64_t block, std::int64_t stride,
                Bf16* pairs) {
  const hn::RebindToUnsigned<DF> d32;
  const std::int64_t lanes = static_cast<std::int64_t>(hn::Lanes(d32));
  const auto upper = hn::Set(d32, 0xFFFF0000u);
  for (std::int64_t first = 0; first < size; first += block, pairs += 2 * stride) {
    const std::int64_t count = std::min(block, size - first);
    std::int64_t k = 0;
    for (; k + lanes <= count; k += lanes) {
      auto both = hn::ShiftRight<16>(upper_half(a + first + k));
      if (b != nullptr) both = hn::Or(both, hn::And(upper_half(b + first + k), upper));
      hn::StoreU(both, d32, reinterpret_cast<std::uint32_t*>(pairs + 2 * k));
    }
    for (; k < count; ++k) {
      store_one(to_float(a[first + k]), pairs + 2 * k);
      store_one(b == nullptr ? 0.0f : to_float(b[first + k]), pairs + 2 * k + 1);
    }
  }
}
void interleave_f32(const float* a, const float* b, std::int64_t size, std::int64_t block,
                    std::int64_t stride, Bf16* pairs) {
  interleave(a, b, size, block, stride, pairs);
}
void interleave_bf16(const Bf16* a, const Bf16* b, std::int64_t size, std::int64_t block,
                     std::int64_t stride, Bf16* pairs) {
  interleave(a, b, size, block, stride, pairs);
}

// With kWeighted each row is multiplied by its weight.
template <bool kWeighted, typename T>
HWY_INLINE void column_sums(const T* matrix, const float* weights, std::int64_t rows,
                            std::int64_t columns, std::int64_t ld, float* sums) {
  const DF d;
  const std::int64_t lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto add = [&](std::int64_t i, const T* p, VF sum) HWY_ATTR {
    if constexpr (kWeighted) return hn::MulAdd(load(p), hn::Set(d, weights[i]), sum);
    return hn::Add(sum, load(p));
  };
  std::int64_t j = 0;
  for (; j + 4 * lanes <= columns; j += 4 * lanes) {
    VF s0 = load(sums + j), s1 = load(sums + j + lanes);
    VF s2 = load(sums + j + 2 * lanes), s3 = load(sums + j + 3 * lanes);
    for (std::int64_t i = 0; i < rows; ++i) {
      const T* row = matrix + i * ld + j;
      s0 = add(i, row, s0);
      s1 = add(i, row + lanes, s1);
      s2 = add(i, row + 2 * lanes, s2);
      s3 = add(i, row + 3 * lanes, s3);
    }
    store(s0, sums + j);
    store(s1, sums + j + lanes);
    store(s2, sums + j + 2 * lanes);
    store(s3, sums + j + 3 * lanes);
  }
  for (; j < columns; ++j) {
    for (std::int64_t i = 0; i < rows; ++i) {
      const float value = to_float(matrix[i * ld + j]);
      sums[j] += kWeighted ? weights[i] * value : value;
    }
  }
}
void column_sums_f32(const float* a, std::int64_t r, std::int64_t c, std::int64_t ld, float* s) {
  column_sums<false>(a, nullptr, r, c, ld, s);
}
void column_sums_bf16(const Bf16* a, std::int64_t r, std::int64_t c, std::int64_t ld, float* s) {
  column_sums<false>(a, nullptr, r, c, ld, s);
}
void weighted_column_sums_f32(const float* a, const float* w, std::int64_t r, std::int64_t c,
                              std::int64_t ld, float* s) {
  column_sums<true>(a, w, r, c, ld, s);
}
void weighted_column_sums_bf16(const Bf16* a, const float* w, std::int64_t r, std::int64_t c,
                               std::int64_t ld, float* s) {
  column_sums<true>(a, w, r, c, ld, s);
}

double squares(const float* x, std::int64_t n) {
  const DF d;
  const std::int64_t lanes = static_cast<std::int64_t>(hn::Lanes(d));
  // Short sums in float are accumulated in double: 7 digits, as with doubles throughout, at the
  // speed of floats.
  constexpr std::int64_t kBlock = 1024;
  double total = 0;
  std::int64_t k = 0;
  while (k + lanes <= n) {
    const std::int64_t end = k + kBlock < n ? k + kBlock : n;
    VF s0 = hn::Zero(d), s1 = s0;
    for (; k + 2 * lanes <= end; k += 2 * lanes) {
      const VF a = load(x + k), b = load(x + k + lanes);
      s0 = hn::MulAdd(a, a, s0);
      s1 = hn::MulAdd(b, b, s1);
    }
    if (k + lanes <= end) {
      const VF a = load(x + k);
      s0 = hn::MulAdd(a, a, s0);
      k += lanes;
    }
    total += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, hn::Add(s0, s1))));
  }
  for (; k < n; ++k) total += static_cast<double>(x[k]) * x[k];
  return total;
}

void adagrad(float* w, const float* g, float* a, std::int64_t n, float scale, float rate,
             float epsilon) {
  const DF d;
  const std::int64_t lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const VF s = hn::Set(d, scale), r = hn::Set(d, rate), e = hn::Set(d, epsilon);
  std::int64_t k = 0;
  for (; k + lanes <= n; k += lanes) {
    const VF x = hn::Mul(load(g + k), s);
    const VF sum = hn::MulAdd(x, x, load(a + k));
    store(sum, a + k);
    store(hn::NegMulAdd(r, hn::Div(x, hn::Add(hn::Sqrt(sum), e)), load(w + k)), w + k);
  }
  for (; k < n; ++k) {
    const float x = g[k] * scale;
    a[k] += x * x;
    w[k] -= rate * (x / (std::sqrt(a[k]) + epsilon));
  }
}

void adam(float* w, const float* g, float* m, float* v, std::int64_t n, float scale, float rate,
          float beta1, float beta2, float epsilon, float correction1, float correction2) {
  const DF d;
  const std::int64_t lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const VF s = hn::Set(d, scale), r = hn::Set(d, rate / correction1), e = hn::Set(d, epsilon);
  const VF b1 = hn::Set(d, beta1), b2 = hn::Set(d, beta2);
  const VF n1 = hn::Set(d, 1 - beta1), n2 = hn::Set(d, 1 - beta2);
  const VF c2 = hn::Set(d, 1 / std::sqrt(correction2));
  std::int64_t k = 0;
  for (; k + lanes <= n; k += lanes) {
    const VF x = hn::Mul(load(g + k), s);
    const VF mean = hn::MulAdd(n1, x, hn::Mul(b1, load(m + k)));
    const VF variance = hn::MulAdd(n2, hn::Mul(x, x), hn::Mul(b2, load(v + k)));
    store(mean, m + k);
    store(variance, v + k);
    const VF root = hn::MulAdd(hn::Sqrt(variance), c2, e);
    store(hn::NegMulAdd(r, hn::Div(mean, root), load(w + k)), w + k);
  }
  for (; k < n; ++k) {
    const float x = g[k] * scale;
    m[k] = beta1 * m[k] + (1 - beta1) * x;
    v[k] = beta2 * v[k] + (1 - beta2) * x * x;
    w[k] -= rate / correction1 * m[k] / (std::sqrt(v[k]) / std::sqrt(correction2) + epsilon);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace elmo
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace elmo {
namespace {

// ELMO_MAX_ISA (sse4, avx2 or avx512) limits the vector width of these passes, as
// ONEDNN_MAX_CPU_ISA limits the products; tests run on every width. The target is chosen before
// main(), while there is one thread. If Highway chose on the first call of a pass, it would for a
// moment allow all that the CPU has, and a thread that calls a pass in that moment would use wider
// vectors than the others.
const bool chosen = [] {
  const char* most = std::getenv("ELMO_MAX_ISA");
  const std::string_view name = most != nullptr ? most : "";
  const std::int64_t wider = name == "sse4"   ? HWY_AVX2 | (HWY_AVX2 - 1)
                             : name == "avx2" ? HWY_AVX3 | (HWY_AVX3 - 1)
                                              : 0;
  hwy::DisableTargets(wider);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  return true;
}();

}  // namespace

HWY_EXPORT(cell_forward_f32);
HWY_EXPORT(cell_forward_bf16);
HWY_EXPORT(cell_backward_f32);
HWY_EXPORT(cell_backward_bf16);
HWY_EXPORT(sigmoid_values);
HWY_EXPORT(tanh_values);
HWY_EXPORT(largest);
HWY_EXPORT(exp_part_f32);
HWY_EXPORT(exp_part_bf16);
HWY_EXPORT(scale_f32);
HWY_EXPORT(scale_bf16);
HWY_EXPORT(drop);
HWY_EXPORT(add);
HWY_EXPORT(interleave_f32);
HWY_EXPORT(interleave_bf16);
HWY_EXPORT(column_sums_f32);
HWY_EXPORT(column_sums_bf16);
HWY_EXPORT(weighted_column_sums_f32);
HWY_EXPORT(weighted_column_sums_bf16);
HWY_EXPORT(squares);
HWY_EXPORT(adagrad);
HWY_EXPORT(adam);

template <>
void lstm_cell_forward(const float* z, const float* bias, const float* c_previous, float cell_clip,
                       std::int64_t cells, float* gates, float* c, float* m) {
  HWY_DYNAMIC_DISPATCH(cell_forward_f32)(z, bias, c_previous, cell_clip, cells, gates, c, m);
}
template <>
void lstm_cell_forward(const float* z, const float* bias, const float* c_previous, float cell_clip,
                       std::int64_t cells, Bf16* gates, float* c, Bf16* m) {
  HWY_DYNAMIC_DISPATCH(cell_forward_bf16)(z, bias, c_previous, cell_clip, cells, gates, c, m);
}
template <>
void lstm_cell_backward(const float* d_m, const float* c_previous, const float* c, float cell_clip,
                        std::int64_t cells, float* gates, float* d_c) {
  HWY_DYNAMIC_DISPATCH(cell_backward_f32)(d_m, c_previous, c, cell_clip, cells, gates, d_c);
}
template <>
void lstm_cell_backward(const float* d_m, const float* c_previous, const float* c, float cell_clip,
                        std::int64_t cells, Bf16* gates, float* d_c) {
  HWY_DYNAMIC_DISPATCH(cell_backward_bf16)(d_m, c_previous, c, cell_clip, cells, gates, d_c);
}

void apply_sigmoid(float* values, std::int64_t size) {
  HWY_DYNAMIC_DISPATCH(sigmoid_values)(values, size);
}
void apply_tanh(float* values, std::int64_t size) {
  HWY_DYNAMIC_DISPATCH(tanh_values)(values, size);
}

float largest_sum(const float* logits, const float* bias, std::int64_t size) {
  return HWY_DYNAMIC_DISPATCH(largest)(logits, bias, size);
}
template <>
SoftmaxPart softmax_part(const float* logits, const float* bias, float shift, std::int64_t size,
                         float* exps) {
  return HWY_DYNAMIC_DISPATCH(exp_part_f32)(logits, bias, shift, size, exps);
}
template <>
SoftmaxPart softmax_part(const float* logits, const float* bias, float shift, std::int64_t size,
                         Bf16* exps) {
  return HWY_DYNAMIC_DISPATCH(exp_part_bf16)(logits, bias, shift, size, exps);
}

void scale_values(const float* source, float factor, std::int64_t size, float* destination) {
  HWY_DYNAMIC_DISPATCH(scale_f32)(source, factor, size, destination);
}
void scale_values(const float* source, float factor, std::int64_t size, Bf16* destination) {
  HWY_DYNAMIC_DISPATCH(scale_bf16)(source, factor, size, destination);
}

void drop_values(float* values, const std::uint16_t* decisions, std::int64_t size,
                 std::uint16_t threshold, float keep) {
  HWY_DYNAMIC_DISPATCH(drop)(values, decisions, size, threshold, keep);
}

void add_values(const float* values, std::int64_t size, float* to) {
  HWY_DYNAMIC_DISPATCH(add)(values, size, to);
}

void convert(const float* source, std::int64_t size, float* destination) {
  std::memcpy(destination, source, static_cast<std::size_t>(size) * sizeof(float));
}
void convert(const float* source, std::int64_t size, Bf16* destination) {
  scale_values(source, 1.0f, size, destination);
}

void interleave_rows(const float* a, const float* b, std::int64_t size, std::int64_t block,
                     std::int64_t stride, Bf16* pairs) {
  HWY_DYNAMIC_DISPATCH(interleave_f32)(a, b, size, block, stride, pairs);
}
void interleave_rows(const Bf16* a, const Bf16* b, std::int64_t size, std::int64_t block,
                     std::int64_t stride, Bf16* pairs) {
  HWY_DYNAMIC_DISPATCH(interleave_bf16)(a, b, size, block, stride, pairs);
}

template <>
void add_column_sums(const float* matrix, std::int64_t rows, std::int64_t columns, std::int64_t ld,
                     float* sums) {
  HWY_DYNAMIC_DISPATCH(column_sums_f32)(matrix, rows, columns, ld, sums);
}
template <>
void add_column_sums(const Bf16* matrix, std::int64_t rows, std::int64_t columns, std::int64_t ld,
                     float* sums) {
  HWY_DYNAMIC_DISPATCH(column_sums_bf16)(matrix, rows, columns, ld, sums);
}

template <>
void add_column_sums(const float* matrix, const float* weights, std::int64_t rows,
                     std::int64_t columns, std::int64_t ld, float* sums) {
  HWY_DYNAMIC_DISPATCH(weighted_column_sums_f32)(matrix, weights, rows, columns, ld, sums);
}
template <>
void add_column_sums(const Bf16* matrix, const float* weights, std::int64_t rows,
                     std::int64_t columns, std::int64_t ld, float* sums) {
  HWY_DYNAMIC_DISPATCH(weighted_column_sums_bf16)(matrix, weights, rows, columns, ld, sums);
}

double sum_of_squares(const float* values, std::int64_t size) {
  return HWY_DYNAMIC_DISPATCH(squares)(values, size);
}
void adagrad_update(float* weights, const float* gradient, float* accumulator, std::int64_t size,
                    float scale, float rate, float epsilon) {
  HWY_DYNAMIC_DISPATCH(adagrad)(weights, gradient, accumulator, size, scale, rate, epsilon);
}
void adam_update(float* weights, const float* gradient, float* mean, float* variance,
                 std::int64_t size, float scale, float rate, float beta1, float beta2,
                 float epsilon, float correction1, float correction2) {
  HWY_DYNAMIC_DISPATCH(adam)
  (weights, gradient, mean, variance, size, scale, rate, beta1, beta2, epsilon, correction1,
   correction2);
}

}  // namespace elmo
#endif  // HWY_ONCE
