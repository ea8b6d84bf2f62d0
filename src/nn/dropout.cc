#include "nn/dropout.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "compute/kernels.h"

namespace elmo {

void apply_dropout(float* values, std::int64_t first, std::int64_t count, float rate,
                   const Random& random) {
  if (rate <= 0) return;
  // 16 bits per decision, eight decisions per Philox block, the lower half of each number first.
  static_assert(std::endian::native == std::endian::little);
  const auto threshold = static_cast<std::uint32_t>(std::lround(rate * 65536.0f));
  const float keep = 65536.0f / static_cast<float>(65536 - threshold);
  constexpr std::int64_t kBlocks = 64;
  std::uint32_t numbers[4 * kBlocks];
  std::uint16_t decisions[8 * kBlocks];
  for (std::int64_t i = 0; i < count; i += 8 * kBlocks) {
    const std::int64_t size = std::min<std::int64_t>(8 * kBlocks, count - i);
    random.fill(static_cast<std::uint64_t>((first + i) / 8), (size + 7) / 8, numbers);
    std::memcpy(decisions, numbers, static_cast<std::size_t>(size) * sizeof *decisions);
    drop_values(values + i, decisions, size, static_cast<std::uint16_t>(threshold), keep);
  }
}

}  // namespace elmo
