// The perplexity of a text under a language model with a full softmax.
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
  double nll = 0;  // in total, in nats
  std::uint64_t units = 0, words = 0, sentences = 0, characters = 0, unknown_words = 0;

  void add(const SentenceScore& score);
  void add(const PerplexityResult& other);
  double perplexity_unit() const;     // exp(nll / units)
  double perplexity_word() const;     // exp(nll / (words + sentences))
  double bits_per_character() const;  // counts one more character for each word and sentence end
  double unknown_rate() const;
};

// The model must be prepared and packed. Sentences are independent; blank lines are skipped. The
// bits do not depend on the number of workers. `between_windows` is called on the calling thread;
// if it throws, the work ends with that exception. Throws Error for an input without words.
PerplexityResult measure_perplexity(LanguageModel& model, Precision precision,
                                    const std::string& input, InvalidText invalid, Workers& workers,
                                    const std::function<void()>& between_windows = {});

}  // namespace elmo
