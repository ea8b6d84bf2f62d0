// How well a language model predicts a text, by a full softmax.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "compute/workers.h"
#include "lm/language_model.h"
#include "lm/text_scorer.h"
#include "text/line_reader.h"

namespace elmo {

struct PerplexityResult {
  double nll = 0;  // total, nats
  std::uint64_t units = 0, words = 0, sentences = 0, characters = 0, unknown_words = 0;

  void add(const SentenceScore& score);
  void add(const PerplexityResult& other);
  double perplexity_unit() const;     // exp(nll / units)
  double perplexity_word() const;     // exp(nll / (words + sentences))
  double bits_per_character() const;  // characters: one more a word and a sentence end
  double unknown_rate() const;
};

// The model must be prepared and packed. Sentences are independent; blank lines are passed over.
// Equal bits for any number of workers. `between_windows` is called on the caller's thread; what it
// throws ends the work. Throws Error for an input that holds no word.
PerplexityResult measure_perplexity(LanguageModel& model, Precision precision,
                                    const std::string& input, InvalidText invalid, Workers& workers,
                                    const std::function<void()>& between_windows = {});

}  // namespace elmo
