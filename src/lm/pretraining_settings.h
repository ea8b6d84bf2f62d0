// What decides the result of a pretraining (io/resume_guard.h), and the values that it trains
// with.
#pragma once

#include <cstdint>
#include <string>

#include "compute/precision.h"
#include "io/resume_guard.h"
#include "lm/language_model.h"
#include "lm/pretraining.h"
#include "train/schedule.h"

namespace elmo {

// Number of the order in which a step sums. Raised when equal settings no longer give equal bits:
// a checkpoint of another order is refused.
inline constexpr int kOrderOfSums = 2;
// Of the order in which a text is read (text/corpus.h), likewise.
inline constexpr int kOrderOfText = 2;

// As they are asked for; `text` is the training text's fingerprint. Not in it is what may differ
// (--epochs, --steps, --threads, --dev, --patience, the intervals), and what the model itself tells
// (check_model_options). Throws Error where the file of --init or --encoder-from is missing.
RunSettings pretraining_settings(const PretrainingOptions& options, Direction direction,
                                 const std::string& text);

// Chooses what was left to the program, for a training that begins with this model, of which the
// softmax alone may be new, on a text of so many units (0: nobody knows, and it is read once).
// Throws UsageError: more samples than outcomes, a precision that the CPU does not have.
void derive_settings(const PretrainingOptions& options, const LanguageModel& model,
                     double units_per_epoch, bool new_softmax, RunSettings& settings);

// The values that a training uses, whoever chose them: with --resume the file `source` has the say.
struct TrainingValues {
  LearningRate rate;
  double dropout = 0;
  std::int64_t samples = 0;         // of the softmax; 0: all outcomes
  std::uint64_t softmax_steps = 0;  // first steps, in which the softmax alone is trained
  Precision precision = Precision::kF32;
};
// Throws Error where the model can't be trained with such values.
TrainingValues training_values(const PretrainingOptions& options, const LanguageModel& model,
                               const RunSettings& settings, const std::string& source);

}  // namespace elmo
