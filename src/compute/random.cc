#include "compute/random.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compute/random.cc"
// The same targets as in kernels.cc.
#define HWY_DISABLED_TARGETS (0x3FFF & ~(HWY_SSE4 | HWY_AVX2 | HWY_AVX3))
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace elmo {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR
using D32 = hn::ScalableTag<std::uint32_t>;
using D64 = hn::RepartitionToWide<D32>;
using V32 = hn::Vec<D32>;

// The upper and lower halves of x * factor.
HWY_INLINE void multiply_wide(V32 x, V32 factor, V32& high, V32& low) {
  const D64 d64;
  const D32 d32;
  const auto even = hn::MulEven(x, factor);
  const auto odd = hn::MulEven(hn::BitCast(d32, hn::ShiftRight<32>(hn::BitCast(d64, x))), factor);
  high = hn::OddEven(hn::BitCast(d32, odd), hn::BitCast(d32, hn::ShiftRight<32>(even)));
  low = hn::OddEven(hn::BitCast(d32, hn::ShiftLeft<32>(odd)), hn::BitCast(d32, even));
}
#endif

// Philox4x32-10 (Salmon et al. 2011) for the counters (low + i, high, a); low + i must not
// overflow. Only whole vectors are filled; returns the number of counters done.
std::int64_t philox(std::uint32_t low, std::uint32_t high, std::uint64_t a, std::uint32_t key0,
                    std::uint32_t key1, std::int64_t count, std::uint32_t* numbers) {
#if HWY_TARGET == HWY_SCALAR
  (void)low, (void)high, (void)a, (void)key0, (void)key1, (void)count, (void)numbers;
  return 0;
#else
  const D32 d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const V32 factor0 = hn::Set(d, 0xD2511F53u), factor1 = hn::Set(d, 0xCD9E8D57u);
  std::int64_t done = 0;
  for (; done + lanes <= count; done += lanes) {
    V32 c0 = hn::Iota(d, low + static_cast<std::uint32_t>(done));
    V32 c1 = hn::Set(d, high);
    V32 c2 = hn::Set(d, static_cast<std::uint32_t>(a));
    V32 c3 = hn::Set(d, static_cast<std::uint32_t>(a >> 32));
    std::uint32_t k0 = key0, k1 = key1;
    for (int round = 0; round < 10; ++round, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
      V32 high0, low0, high1, low1;
      multiply_wide(c0, factor0, high0, low0);
      multiply_wide(c2, factor1, high1, low1);
      c0 = hn::Xor(hn::Xor(high1, c1), hn::Set(d, k0));
      c1 = low1;
      c2 = hn::Xor(hn::Xor(high0, c3), hn::Set(d, k1));
      c3 = low0;
    }
    hn::StoreInterleaved4(c0, c1, c2, c3, d, numbers + 4 * done);
  }
  return done;
#endif
}

}  // namespace HWY_NAMESPACE
}  // namespace elmo
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace elmo {

HWY_EXPORT(philox);

void Random::fill(std::uint64_t counter, std::int64_t count, std::uint32_t* numbers) const {
  std::int64_t done = 0;
  if (static_cast<std::uint32_t>(counter) <=
      ~std::uint32_t{0} - static_cast<std::uint64_t>(count)) {
    done = HWY_DYNAMIC_DISPATCH(philox)(static_cast<std::uint32_t>(counter),
                                        static_cast<std::uint32_t>(counter >> 32), a_, key_[0],
                                        key_[1], count, numbers);
  }
  for (; done < count; ++done) {
    const auto four = at(counter + static_cast<std::uint64_t>(done));
    std::copy(four.begin(), four.end(), numbers + 4 * done);
  }
}

float Random::normal(std::uint64_t i) const {
  // Elements 2k and 2k + 1 are the two numbers of one Box-Muller pair.
  const auto numbers = at(i / 4);
  const std::size_t pair = i % 4 / 2 * 2;
  const double u = (static_cast<double>(numbers[pair]) + 1.0) * 0x1p-32;  // in (0, 1]: never log(0)
  const double angle = 2.0 * std::numbers::pi * 0x1p-32 * static_cast<double>(numbers[pair + 1]);
  const double radius = std::sqrt(-2.0 * std::log(u));
  return static_cast<float>(radius * (i % 2 == 0 ? std::cos(angle) : std::sin(angle)));
}

std::vector<std::uint32_t> Random::permutation(std::uint32_t n) const {
  std::vector<std::uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0u);
  for (std::uint32_t i = n; i > 1; --i) {
    std::swap(order[i - 1], order[static_cast<std::size_t>(below(i, i))]);
  }
  return order;
}

IndexPermutation::IndexPermutation(const Random& random, std::uint64_t n)
    : random_(random), size_(n) {
  const int bits = n == 0 ? 0 : std::bit_width(n - 1);
  low_bits_ = bits / 2;
  high_bits_ = bits - low_bits_;
}

std::uint64_t IndexPermutation::at(std::uint64_t i) const {
  // Each round combines one half with a function of the other.
  constexpr std::uint64_t kRounds = 8;
  const std::uint64_t low_mask = (std::uint64_t{1} << low_bits_) - 1,
                      high_mask = (std::uint64_t{1} << high_bits_) - 1;
  do {
    std::uint64_t low = i & low_mask, high = i >> low_bits_;
    for (std::uint64_t round = 0; round < kRounds; ++round) {
      const bool of_low = round % 2 == 0;
      const auto numbers = random_.at((of_low ? high : low) * kRounds + round);
      (of_low ? low : high) ^= numbers[0] & (of_low ? low_mask : high_mask);
    }
    i = high << low_bits_ | low;
  } while (i >= size_);
  return i;
}

}  // namespace elmo
#endif  // HWY_ONCE
