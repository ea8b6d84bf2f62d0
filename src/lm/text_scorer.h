// The likelihood of sentences under a full softmax, for perplexity and score.
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
  std::uint64_t number = 0;  // of the line, from 1
  std::string text;
};

// Reads the lines that are scored together: those that have words, until there are enough words.
// Returns false at the end of the text.
bool read_lines(LineReader& reader, std::vector<TextLine>& lines);

struct SentenceScore {
  // The natural log-likelihood of each word, summed over its units, followed by that of the end of
  // the sentence (backward: of its beginning).
  std::vector<double> log_likelihood;
  std::uint64_t units = 0;          // predicted units, including the end of the sentence
  std::uint64_t characters = 0;     // in normalisation form C, plus one for each word and the end
  std::uint64_t unknown_words = 0;  // words with a part that has no unit, or is encoded as bytes
};

// Scores sentences under one direction's model. A sentence's score does not depend on the other
// sentences, and its bits do not depend on the number of workers. The time grows linearly with the
// units, for one long line as for many short ones. Not thread-safe.
class TextScorer {
 public:
  // The model must be prepared and packed in `precision` and must outlive the scorer. Throws Error
  // if it has no softmax.
  TextScorer(LanguageModel& model, Precision precision, Workers& workers);

  // scores[i] is the score of line i. `between_windows` is called on the calling thread every few
  // dozen units of a stream; if it throws, the work ends with that exception.
  void score(std::span<const TextLine> lines, std::vector<SentenceScore>& scores,
             const std::function<void()>& between_windows);

  // The number of streams computed in parallel for `units` units in total, of which the longest
  // sentence has `longest`: chosen so that at least half of the computed steps are used.
  static int streams_for(std::size_t units, std::size_t longest) {
    return kWidths[width_for(units, longest)].streams;
  }

 private:
  // The number of parallel streams, and the steps of a window.
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
