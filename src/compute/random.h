// Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, Random123). A number is a
// function of its use and its index, never of how many were drawn before, so training is repeatable
// with any number of threads, in any order, interrupted or not.
#pragma once

#include <Random123/philox.h>

#include <array>
#include <cstdint>
#include <vector>

namespace elmo {

// What a random number is used for; part of the key, so that two uses never get the same numbers.
enum class RandomUse : std::uint32_t {
  kInitialise = 1,
  kDropout = 2,
  kLineOrder = 4,
  kVocabularySample = 5,
  kNegativeSample = 6,
  kBatchOrder = 7,
};

class Random {
 public:
  // The numbers for one use. a and b distinguish its occasions, such as epoch and window, or step
  // and tensor.
  Random(std::uint64_t seed, RandomUse use, std::uint64_t a = 0, std::uint32_t b = 0)
      : key_{static_cast<std::uint32_t>(seed) ^ (static_cast<std::uint32_t>(use) * 0x9E3779B9u),
             static_cast<std::uint32_t>(seed >> 32) ^ b},
        a_(a) {}

  // Four 32-bit numbers at a counter.
  std::array<std::uint32_t, 4> at(std::uint64_t counter) const {
    const r123::Philox4x32::ctr_type in = {
        {static_cast<std::uint32_t>(counter), static_cast<std::uint32_t>(counter >> 32),
         static_cast<std::uint32_t>(a_), static_cast<std::uint32_t>(a_ >> 32)}};
    const r123::Philox4x32::key_type key = {{key_[0], key_[1]}};
    const auto out = r123::Philox4x32{}(in, key);
    return {out[0], out[1], out[2], out[3]};
  }

  // Writes at(counter), at(counter + 1), ...: 4 * count numbers, vectorised.
  void fill(std::uint64_t counter, std::int64_t count, std::uint32_t* numbers) const;

  // Uniform in [0, 1) with 24 bits, for element i.
  float uniform(std::uint64_t i) const {
    return static_cast<float>(at(i / 4)[i % 4] >> 8) * 0x1p-24f;
  }
  // Standard normal for element i (Box-Muller).
  float normal(std::uint64_t i) const;
  // Uniform in [0, n) for element i, where n < 2^63, by a 64-bit multiply-shift; the bias is below
  // n / 2^64.
  std::uint64_t below(std::uint64_t i, std::uint64_t n) const {
    const auto r = at(i);
    const std::uint64_t x = (static_cast<std::uint64_t>(r[0]) << 32) | r[1];
    return static_cast<std::uint64_t>((static_cast<unsigned __int128>(x) * n) >> 64);
  }
  // A permutation of 0 .. n - 1 (Fisher-Yates).
  std::vector<std::uint32_t> permutation(std::uint32_t n) const;

 private:
  std::array<std::uint32_t, 2> key_;
  std::uint64_t a_;
};

// A permutation of 0 .. n - 1 that takes no memory, whatever n is: a Feistel network over the next
// power of two, with Philox as its round function, applied until the result is below n (cycle
// walking: Black and Rogaway 2002, "Ciphers with arbitrary finite domains").
class IndexPermutation {
 public:
  // n at most 2^62.
  IndexPermutation(const Random& random, std::uint64_t n);
  std::uint64_t size() const { return size_; }
  // The image of i, which must be below n.
  std::uint64_t at(std::uint64_t i) const;

 private:
  Random random_;
  std::uint64_t size_;
  int low_bits_, high_bits_;
};

}  // namespace elmo
