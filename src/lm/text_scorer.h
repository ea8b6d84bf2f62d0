// Sentences and their likelihoods by a full softmax: what perplexity and score are made of.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "compute/workers.h"
#include "lm/engine.h"
#include "lm/language_model.h"
#include "text/line_reader.h"

namespace elmo {

struct TextLine {
  std::uint64_t number = 0;  // from 1
  std::string text;
};

// Lines that are scored together: the next ones with a word in them, blank ones passed over, until
// they hold enough words. False: there is none.
bool read_lines(LineReader& reader, std::vector<TextLine>& lines);

struct SentenceScore {
  // Natural log-likelihood of each word, the sum over its units, and last of the sentence's end
  // (backward: its beginning).
  std::vector<double> log_likelihood;
  std::uint64_t units = 0;          // predicted: of the words, and the end
  std::uint64_t characters = 0;     // in normalisation form C, one more a word and for the end
  std::uint64_t unknown_words = 0;  // that the model has no unit, or only bytes, for some of
};

// One direction's scores. Sentences are independent of one another and of their company; equal bits
// for any number of workers. The work is in proportion to the units, in one long line as in many
// short ones. One thread at a time.
class TextScorer {
 public:
  // The model must be prepared and packed in `precision`, and outlive the scorer. Throws Error for
  // a model without a softmax.
  TextScorer(LanguageModel& model, Precision precision, Workers& workers);

  // scores[i]: of line i. `between_windows` is called on the caller's thread every few dozen units
  // of a stream; what it throws ends the work.
  void score(std::span<const TextLine> lines, std::vector<SentenceScore>& scores,
             const std::function<void()>& between_windows);

  // How many streams are computed side by side for a group of `units` units, the longest sentence
  // of which has `longest`: at least half of what is computed is then used.
  static int streams_for(std::size_t units, std::size_t longest) {
    return kWidths[width_for(units, longest)].streams;
  }

 private:
  // Streams that are computed side by side, and the steps of a window.
  struct Width {
    int streams, steps;
  };
  static constexpr std::array<Width, 4> kWidths = {{{64, 20}, {16, 80}, {4, 80}, {1, 80}}};
  static std::size_t width_for(std::size_t units, std::size_t longest);

  LanguageModel& model_;
  Precision precision_;
  Workers& workers_;
  LineEncoder encoder_;
  std::array<std::unique_ptr<Engine>, kWidths.size()> engines_;
};

}  // namespace elmo
