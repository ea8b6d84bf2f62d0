// Which examples go through a task's network together.
#pragma once

#include <cstdint>
#include <vector>

#include "task/data.h"

namespace elmo::task {

// The batches of an epoch (from 0): examples of like length together, in a random order that seed
// and epoch decide. Every example is in one batch; all but one a window have `batch_size`.
std::vector<std::vector<std::uint32_t>> make_batches(const Data& data, std::uint64_t seed,
                                                     int epoch, int batch_size);

// A weight for each label, so that each weighs as if it were as frequent as the others.
std::vector<float> balanced_weights(const LabelSet& labels, const DataSet& data);

}  // namespace elmo::task
