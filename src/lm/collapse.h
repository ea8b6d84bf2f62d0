// Whether a language model's states still tell words apart.
#pragma once

#include <string>

#include "compute/precision.h"
#include "compute/workers.h"
#include "lm/language_model.h"
#include "text/line_reader.h"

namespace elmo {

struct StateMeasure {
  double cosine = 0;   // of the top layer's states at two places of the text, mean of many pairs
  double clipped = 0;  // share of the numbers of any one layer that lie on its clip, the largest
};

// Of the text's beginning, a few hundred units. The model must be prepared and packed. Equal bits
// for any number of workers. Throws Error for a file that holds no word.
StateMeasure measure_states(LanguageModel& model, Precision precision, const std::string& input,
                            InvalidText invalid, Workers& workers);

// What is wrong with such states and what to do, as the end of a sentence; empty: nothing.
std::string describe_collapse(const StateMeasure& states);

}  // namespace elmo
