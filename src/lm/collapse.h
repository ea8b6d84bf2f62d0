// Detects language models whose states no longer distinguish words.
#pragma once

#include <string>

#include "compute/precision.h"
#include "compute/workers.h"
#include "lm/language_model.h"
#include "text/line_reader.h"

namespace elmo {

struct StateMeasure {
  double cosine = 0;   // of the top layer's states at two places of the text, mean over many pairs
  double clipped = 0;  // share of outputs that lie on the projection clip, in the worst layer
};

// Measured on the first few hundred units of a text. The model must be prepared and packed. The
// bits do not depend on the number of workers. Throws Error for a file without words.
StateMeasure measure_states(LanguageModel& model, Precision precision, const std::string& input,
                            InvalidText invalid, Workers& workers);

// What is wrong with such states and what to do, as the end of a sentence; empty if nothing is.
std::string describe_collapse(const StateMeasure& states);

}  // namespace elmo
