// The learning curves in a log.jsonl, as a chart.
#pragma once

#include <filesystem>

#include "plot/chart.h"

namespace elmo {

// `path` is the log (log.jsonl, TASK.log.jsonl) or a folder that contains a log.jsonl. For a
// language model: perplexity per unit on the training text and on the development text, for each
// direction. For a classifier or tagger (lines with a `loss` and any `dev_...`): the losses, and on
// the right-hand axis the other development metrics. A later line for the same step, from a resumed
// training, replaces the earlier one. Throws Error if the file is missing, is not JSON (the message
// names the line) or has nothing to draw.
LineChart learning_curves(const std::filesystem::path& path);

// Accuracy by distance, from a TSV file with lines `series<TAB>distance<TAB>accuracy`. Distances
// are positive, accuracies are from 0 to 1. The points of a series are joined in the order of their
// distances. Throws Error naming the line.
LineChart accuracy_by_distance(const std::filesystem::path& path);

}  // namespace elmo
