// The settings that decide the result of a pretraining (io/resume_guard.h), and the values derived
// from them.
#pragma once

#include <cstdint>
#include <string>

#include "compute/precision.h"
#include "io/resume_guard.h"
#include "lm/language_model.h"
#include "lm/pretraining.h"
#include "train/schedule.h"

namespace elmo {

// Version of the order of summation in a step. Raised when equal settings no longer give equal
// bits; checkpoints of another version are refused.
inline constexpr int kOrderOfSums = 2;
// The same for the order in which a text is read (text/corpus.h).
inline constexpr int kOrderOfText = 2;

// The settings as requested. `text` is the training text's fingerprint. Options that may change on
// resuming are left out (--epochs, --steps, --threads, --dev, --patience, the intervals), and so
// are those that the model itself stores (check_model_options()). Throws Error if the file of
// --init or --encoder-from is missing.
RunSettings pretraining_settings(const PretrainingOptions& options, Direction direction,
                                 const std::string& text);

// Chooses the values of options that were not given, for a training that starts from this model.
// `units_per_epoch` is 0 if unknown (the text is read once). `new_softmax`: the softmax is new, all
// else is trained already. Throws UsageError for more samples than units and for a precision that
// the CPU does not support.
void derive_settings(const PretrainingOptions& options, const LanguageModel& model,
                     double units_per_epoch, bool new_softmax, RunSettings& settings);

// The values that a training uses, given or derived. With --resume they come from the file
// `source`.
struct TrainingValues {
  LearningRate rate;
  double dropout = 0;
  std::int64_t samples = 0;         // of the softmax; 0: full softmax
  std::uint64_t softmax_steps = 0;  // first steps in which only the softmax is trained
  Precision precision = Precision::kF32;
};
// Throws Error if the model can't be trained with these values.
TrainingValues training_values(const PretrainingOptions& options, const LanguageModel& model,
                               const RunSettings& settings, const std::string& source);

}  // namespace elmo
