#include "plot/nearest.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "compute/aligned.h"
#include "compute/kernels.h"
#include "compute/matmul.h"

namespace elmo {
namespace {

// Rows that are multiplied with all others at once.
constexpr std::int64_t kRowsAtOnce = 64;

AlignedArray<float> unit_rows(std::span<const float> rows, std::size_t dimension) {
  AlignedArray<float> result(rows.size());
  const auto width = static_cast<std::int64_t>(dimension);
  for (std::size_t at = 0; at < rows.size(); at += dimension) {
    const double norm = std::sqrt(sum_of_squares(rows.data() + at, width));
    scale_values(rows.data() + at, norm > 0 ? static_cast<float>(1 / norm) : 0.0f, width,
                 result.data() + at);
  }
  return result;
}

std::vector<Near> largest(std::span<const float> cosines, std::size_t self, std::size_t count) {
  std::vector<Near> best;
  for (std::size_t j = 0; j < cosines.size(); ++j) {
    const float cosine = std::clamp(cosines[j], -1.0f, 1.0f);
    if (j == self || (best.size() == count && cosine <= best.back().cosine)) continue;
    const auto at =
        std::ranges::find_if(best, [&](const Near& other) { return other.cosine < cosine; });
    best.insert(at, {j, cosine});
    if (best.size() > count) best.pop_back();
  }
  return best;
}

}  // namespace

std::vector<std::vector<Near>> nearest_rows(std::span<const float> rows, std::size_t dimension,
                                            std::size_t count, Workers& workers) {
  const auto n = static_cast<std::int64_t>(rows.size() / dimension);
  const auto width = static_cast<std::int64_t>(dimension);
  std::vector<std::vector<Near>> result(static_cast<std::size_t>(n));
  if (count == 0) return result;
  const AlignedArray<float> unit = unit_rows(rows, dimension);
  PackedMatrix all(width, n, Precision::kF32);
  all.pack(unit.data(), 1, width);
  workers.run([&](int index) {
    const Part part = part_of(n, index, workers.count(), kRowsAtOnce);
    AlignedArray<float> cosines(static_cast<std::size_t>(kRowsAtOnce * n));
    for (std::int64_t first = part.begin; first < part.end; first += kRowsAtOnce) {
      const std::int64_t now = std::min(kRowsAtOnce, part.end - first);
      multiply(unit.data() + first * width, now, all, cosines.data());
      for (std::int64_t i = 0; i < now; ++i) {
        const auto row = static_cast<std::size_t>(first + i);
        result[row] = largest({cosines.data() + i * n, static_cast<std::size_t>(n)}, row, count);
      }
    }
  });
  return result;
}

}  // namespace elmo
