#include "compute/transpose.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compute/transpose.cc"
// This is bound by memory: vectors of 512 bits were no faster than AVX2's (product_transposed of
// compute_kernels_benchmark, on a CPU with AMX). The lower 14 bits are all x86 targets except SSE2.
#define HWY_DISABLED_TARGETS (0x3FFF & ~(HWY_SSE4 | HWY_AVX2))
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace elmo {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR
// Stores the 128-bit blocks of a vector, each `distance` elements after the one before.
template <class D, class V, typename U>
HWY_INLINE void store_blocks(D d, V v, U* to, std::int64_t distance) {
  if constexpr (hn::MaxLanes(D()) * sizeof(U) <= 16) {
    hn::StoreU(v, d, to);
  } else {
    const hn::Half<D> half;
    constexpr std::int64_t kBlocks = hn::MaxLanes(D()) * sizeof(U) / 32;
    store_blocks(half, hn::LowerHalf(half, v), to, distance);
    store_blocks(half, hn::UpperHalf(half, v), to + kBlocks * distance, distance);
  }
}

// Transposes squares of 8 x 8 (16 bits) or 4 x 4 (32 bits) in registers by interleaving: as many
// side by side as a vector of D has blocks of 128 bits.
template <class D>
HWY_INLINE void squares(D d, const std::uint16_t* source, std::int64_t ld, std::uint16_t* to,
                        std::int64_t to_ld) {
  const hn::Repartition<std::uint32_t, D> d32;
  const hn::Repartition<std::uint64_t, D> d64;
  hn::Vec<D> r[8];
  for (int i = 0; i < 8; ++i) r[i] = hn::LoadU(d, source + i * ld);
  for (int half = 0; half < 2; ++half) {
    // Columns 0 to 3 of a square, then 4 to 7.
    hn::Vec<decltype(d32)> p[4];
    for (int i = 0; i < 4; ++i) {
      p[i] = hn::BitCast(d32, half == 0 ? hn::InterleaveLower(d, r[2 * i], r[2 * i + 1])
                                        : hn::InterleaveUpper(d, r[2 * i], r[2 * i + 1]));
    }
    const auto a = hn::BitCast(d64, hn::InterleaveLower(d32, p[0], p[1]));
    const auto b = hn::BitCast(d64, hn::InterleaveLower(d32, p[2], p[3]));
    const auto c = hn::BitCast(d64, hn::InterleaveUpper(d32, p[0], p[1]));
    const auto e = hn::BitCast(d64, hn::InterleaveUpper(d32, p[2], p[3]));
    std::uint16_t* out = to + 4 * half * to_ld;
    const std::int64_t next = 8 * to_ld;
    store_blocks(d, hn::BitCast(d, hn::InterleaveLower(d64, a, b)), out, next);
    store_blocks(d, hn::BitCast(d, hn::InterleaveUpper(d64, a, b)), out + to_ld, next);
    store_blocks(d, hn::BitCast(d, hn::InterleaveLower(d64, c, e)), out + 2 * to_ld, next);
    store_blocks(d, hn::BitCast(d, hn::InterleaveUpper(d64, c, e)), out + 3 * to_ld, next);
  }
}

template <class D>
HWY_INLINE void squares(D d, const std::uint32_t* source, std::int64_t ld, std::uint32_t* to,
                        std::int64_t to_ld) {
  const hn::Repartition<std::uint64_t, D> d64;
  hn::Vec<D> r[4];
  for (int i = 0; i < 4; ++i) r[i] = hn::LoadU(d, source + i * ld);
  const auto a = hn::BitCast(d64, hn::InterleaveLower(d, r[0], r[1]));
  const auto b = hn::BitCast(d64, hn::InterleaveLower(d, r[2], r[3]));
  const auto c = hn::BitCast(d64, hn::InterleaveUpper(d, r[0], r[1]));
  const auto e = hn::BitCast(d64, hn::InterleaveUpper(d, r[2], r[3]));
  const std::int64_t next = 4 * to_ld;
  store_blocks(d, hn::BitCast(d, hn::InterleaveLower(d64, a, b)), to, next);
  store_blocks(d, hn::BitCast(d, hn::InterleaveUpper(d64, a, b)), to + to_ld, next);
  store_blocks(d, hn::BitCast(d, hn::InterleaveLower(d64, c, e)), to + 2 * to_ld, next);
  store_blocks(d, hn::BitCast(d, hn::InterleaveUpper(d64, c, e)), to + 3 * to_ld, next);
}
#endif

template <typename U>
void transpose_words(const U* source, std::int64_t ld, std::int64_t rows, std::int64_t columns,
                     U* to, std::int64_t to_ld) {
#if HWY_TARGET == HWY_SCALAR
  const std::int64_t whole_rows = 0, whole = 0;
#else
  const hn::Full128<U> narrow;
  const hn::ScalableTag<U> wide;
  constexpr std::int64_t kSide = 16 / sizeof(U), kWide = hn::MaxLanes(hn::ScalableTag<U>());
  const std::int64_t whole_rows = rows / kSide * kSide, whole = columns / kSide * kSide;
  // One strip as wide as a cache line at a time: its lines and those of the result are used
  // completely while they are in the first-level caches.
  constexpr std::int64_t kStrip = 64 / sizeof(U);
  // Rows are too far apart for hardware prefetchers.
  constexpr std::int64_t kAhead = 32;
  for (std::int64_t strip = 0; strip < whole; strip += kStrip) {
    const std::int64_t end = std::min(strip + kStrip, whole);
    for (std::int64_t i = 0; i < whole_rows; i += kSide) {
      // Prefetches the row kAhead rows ahead, in this strip or the next.
      const bool wraps = i + kAhead >= whole_rows;
      const std::int64_t row = i + kAhead - (wraps ? whole_rows : 0);
      const std::int64_t column = strip + (wraps ? kStrip : 0);
      if (row < whole_rows && column < whole) {
        for (std::int64_t k = 0; k < kSide; ++k) hwy::Prefetch(source + (row + k) * ld + column);
      }
      std::int64_t j = strip;
      for (; j + kWide <= end; j += kWide) {
        squares(wide, source + i * ld + j, ld, to + j * to_ld + i, to_ld);
      }
      for (; j < end; j += kSide) {
        squares(narrow, source + i * ld + j, ld, to + j * to_ld + i, to_ld);
      }
    }
  }
#endif
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = i < whole_rows ? whole : 0; j < columns; ++j) {
      to[j * to_ld + i] = source[i * ld + j];
    }
  }
}

void transpose_32(const std::uint32_t* source, std::int64_t ld, std::int64_t rows,
                  std::int64_t columns, std::uint32_t* to, std::int64_t to_ld) {
  transpose_words(source, ld, rows, columns, to, to_ld);
}
void transpose_16(const std::uint16_t* source, std::int64_t ld, std::int64_t rows,
                  std::int64_t columns, std::uint16_t* to, std::int64_t to_ld) {
  transpose_words(source, ld, rows, columns, to, to_ld);
}

}  // namespace HWY_NAMESPACE
}  // namespace elmo
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace elmo {

HWY_EXPORT(transpose_32);
HWY_EXPORT(transpose_16);

void transpose(const float* source, std::int64_t ld, std::int64_t rows, std::int64_t columns,
               float* destination, std::int64_t to_ld) {
  HWY_DYNAMIC_DISPATCH(transpose_32)
  (reinterpret_cast<const std::uint32_t*>(source), ld, rows, columns,
   reinterpret_cast<std::uint32_t*>(destination), to_ld);
}
void transpose(const Bf16* source, std::int64_t ld, std::int64_t rows, std::int64_t columns,
               Bf16* destination, std::int64_t to_ld) {
  HWY_DYNAMIC_DISPATCH(transpose_16)
  (reinterpret_cast<const std::uint16_t*>(source), ld, rows, columns,
   reinterpret_cast<std::uint16_t*>(destination), to_ld);
}

}  // namespace elmo
#endif  // HWY_ONCE
