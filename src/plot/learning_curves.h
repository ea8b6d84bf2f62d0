// What a log.jsonl tells of a training, as a chart.
#pragma once

#include <filesystem>

#include "plot/chart.h"

namespace elmo {

// `path` is the log (log.jsonl, TASK.log.jsonl) or a folder that holds a log.jsonl. Of a language
// model: perplexity per unit on the training text and the development text, each direction by
// itself. Of a classifier or tagger (lines with a `loss` and any `dev_...`): the loss, and on the
// right the development measures. A line that a resumed training wrote again replaces the earlier
// one. Throws Error: missing, not JSON (names the line), no number to draw.
LineChart learning_curves(const std::filesystem::path& path);

// Accuracy by distance from a TSV of lines `series<TAB>distance<TAB>accuracy`, accuracy being a
// fraction; lines of one series are joined in the order of the distances. Throws Error naming the
// line.
LineChart accuracy_by_distance(const std::filesystem::path& path);

}  // namespace elmo
