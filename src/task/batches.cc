#include "task/batches.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "compute/random.h"

namespace elmo::task {
namespace {

// Number of batches in a window of examples that is sorted by length.
constexpr std::size_t kSortedBatches = 50;

}  // namespace

std::vector<std::vector<std::uint32_t>> make_batches(const Data& data, std::uint64_t seed,
                                                     int epoch, int batch_size) {
  const auto size = static_cast<std::size_t>(batch_size);
  const auto a = static_cast<std::uint64_t>(epoch);
  const auto order = Random(seed, RandomUse::kBatchOrder, a, 0)
                         .permutation(static_cast<std::uint32_t>(data.examples()));
  std::vector<std::vector<std::uint32_t>> batches;
  for (std::size_t begin = 0; begin < order.size(); begin += kSortedBatches * size) {
    const std::size_t end = std::min(order.size(), begin + kSortedBatches * size);
    std::vector<std::uint32_t> window(order.begin() + static_cast<std::ptrdiff_t>(begin),
                                      order.begin() + static_cast<std::ptrdiff_t>(end));
    std::stable_sort(window.begin(), window.end(), [&](std::uint32_t left, std::uint32_t right) {
      return data.length(left) > data.length(right);
    });
    for (std::size_t at = 0; at < window.size(); at += size) {
      const auto first = window.begin() + static_cast<std::ptrdiff_t>(at);
      batches.emplace_back(first,
                           first + static_cast<std::ptrdiff_t>(std::min(size, window.size() - at)));
    }
  }
  const auto shuffled = Random(seed, RandomUse::kBatchOrder, a, 1)
                            .permutation(static_cast<std::uint32_t>(batches.size()));
  std::vector<std::vector<std::uint32_t>> result;
  for (const std::uint32_t i : shuffled) result.push_back(std::move(batches[i]));
  return result;
}

std::vector<float> balanced_weights(const LabelSet& labels, const DataSet& data) {
  std::vector<double> counts(static_cast<std::size_t>(labels.size()));
  double total = 0;
  for (const Example& example : data.examples) {
    for (const std::string& label : example.labels) {
      ++counts[static_cast<std::size_t>(labels.id(label))];
      ++total;
    }
  }
  std::vector<float> weights;
  for (const double count : counts) {
    weights.push_back(static_cast<float>(total / (count * static_cast<double>(counts.size()))));
  }
  return weights;
}

}  // namespace elmo::task
