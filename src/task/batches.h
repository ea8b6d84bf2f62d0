// Groups examples into batches.
#pragma once

#include <cstdint>
#include <vector>

#include "task/data.h"

namespace elmo::task {

// The batches of an epoch (from 0): examples of similar length together, in a random order
// determined by seed and epoch. Every example is in exactly one batch. Lengths are sorted within
// windows of examples; only the last batch of a window may be smaller than `batch_size`.
std::vector<std::vector<std::uint32_t>> make_batches(const Data& data, std::uint64_t seed,
                                                     int epoch, int batch_size);

// A weight for each label, inverse to its frequency, so that all labels have the same total weight.
std::vector<float> balanced_weights(const LabelSet& labels, const DataSet& data);

}  // namespace elmo::task
