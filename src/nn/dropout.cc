#include "nn/dropout.h"

#include <algorithm>
#include <cmath>

namespace elmo {

void apply_dropout(float* values, std::int64_t first, std::int64_t last, float rate,
                   const Random& random) {
  if (rate <= 0) return;
  // 16 bits a decision, eight decisions a Philox block.
  const auto threshold = static_cast<std::uint32_t>(std::lround(rate * 65536.0f));
  const float keep = 65536.0f / static_cast<float>(65536 - threshold);
  for (std::int64_t i = first; i < last; i += 8) {
    const auto numbers = random.at(static_cast<std::uint64_t>(i / 8));
    const std::int64_t count = std::min<std::int64_t>(8, last - i);
    for (std::int64_t k = 0; k < count; ++k) {
      const std::uint32_t bits =
          (numbers[static_cast<std::size_t>(k / 2)] >> (16 * (k % 2))) & 0xFFFF;
      values[i + k] *= bits < threshold ? 0.0f : keep;
    }
  }
}

}  // namespace elmo
