#include "compute/transpose.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compute/transpose.cc"
// The squares are 128 bits wide: AVX-512 would be the code of AVX2 once more. (The lower 14 bits
// are x86's targets but SSE2.)
#define HWY_DISABLED_TARGETS (0x3FFF & ~(HWY_SSE4 | HWY_AVX2))
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace elmo {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR
// A square of 16 bytes by 16 bytes' worth of rows in registers, by interleaving: 8 x 8 of 16 bits
// or 4 x 4 of 32.
void square(const std::uint16_t* source, std::int64_t ld, std::uint16_t* to, std::int64_t to_ld) {
  const hn::Full128<std::uint16_t> d;
  const hn::Full128<std::uint32_t> d32;
  const hn::Full128<std::uint64_t> d64;
  hn::Vec<decltype(d)> r[8];
  for (int i = 0; i < 8; ++i) r[i] = hn::LoadU(d, source + i * ld);
  for (int half = 0; half < 2; ++half) {
    // Columns 0..3 of the square, then 4..7.
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
    hn::StoreU(hn::BitCast(d, hn::InterleaveLower(d64, a, b)), d, out);
    hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(d64, a, b)), d, out + to_ld);
    hn::StoreU(hn::BitCast(d, hn::InterleaveLower(d64, c, e)), d, out + 2 * to_ld);
    hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(d64, c, e)), d, out + 3 * to_ld);
  }
}

void square(const std::uint32_t* source, std::int64_t ld, std::uint32_t* to, std::int64_t to_ld) {
  const hn::Full128<std::uint32_t> d;
  const hn::Full128<std::uint64_t> d64;
  hn::Vec<decltype(d)> r[4];
  for (int i = 0; i < 4; ++i) r[i] = hn::LoadU(d, source + i * ld);
  const auto a = hn::BitCast(d64, hn::InterleaveLower(d, r[0], r[1]));
  const auto b = hn::BitCast(d64, hn::InterleaveLower(d, r[2], r[3]));
  const auto c = hn::BitCast(d64, hn::InterleaveUpper(d, r[0], r[1]));
  const auto e = hn::BitCast(d64, hn::InterleaveUpper(d, r[2], r[3]));
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(d64, a, b)), d, to);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(d64, a, b)), d, to + to_ld);
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(d64, c, e)), d, to + 2 * to_ld);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(d64, c, e)), d, to + 3 * to_ld);
}
#endif

template <typename U>
void transpose_words(const U* source, std::int64_t ld, std::int64_t rows, std::int64_t columns,
                     U* to, std::int64_t to_ld) {
#if HWY_TARGET == HWY_SCALAR
  const std::int64_t whole_rows = 0, whole = 0;
#else
  constexpr std::int64_t kSide = 16 / sizeof(U);
  const std::int64_t whole_rows = rows / kSide * kSide, whole = columns / kSide * kSide;
  // A strip of a cache line's width at a time: its lines and those of the result are used up while
  // they are in the first caches.
  constexpr std::int64_t kStrip = 64 / sizeof(U);
  // Rows lie far apart, which no hardware prefetcher follows.
  constexpr std::int64_t kAhead = 32;
  for (std::int64_t strip = 0; strip < whole; strip += kStrip) {
    const std::int64_t end = std::min(strip + kStrip, whole);
    for (std::int64_t i = 0; i < whole_rows; i += kSide) {
      // What comes kAhead rows later, of this strip or of the next.
      const bool wraps = i + kAhead >= whole_rows;
      const std::int64_t row = i + kAhead - (wraps ? whole_rows : 0);
      const std::int64_t column = strip + (wraps ? kStrip : 0);
      if (row < whole_rows && column < whole) {
        for (std::int64_t k = 0; k < kSide; ++k) hwy::Prefetch(source + (row + k) * ld + column);
      }
      for (std::int64_t j = strip; j < end; j += kSide) {
        square(source + i * ld + j, ld, to + j * to_ld + i, to_ld);
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
