// A training text as a sequence of windows for one language model.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "lm/language_model.h"
#include "text/corpus.h"
#include "text/streams.h"

namespace elmo {

class TrainingText {
 public:
  struct Shape {
    int streams = 128;         // B
    int steps = 20;            // T
    bool carry_state = false;  // no reset at the beginning of a sentence
    // Passes over the text; 0: endless (standard input: one pass).
    std::uint64_t epochs = 0;
  };
  // The position of the next window, enough to continue with the same text and shape.
  struct Place {
    std::string corpus;           // Corpus::position(); empty for standard input
    std::string streams;          // StreamBatcher::state()
    std::uint64_t sentences = 0;  // read so far
  };

  // Reads the text once, to check it and to index it. Throws as Corpus does.
  TrainingText(const CorpusOptions& options, const Shape& shape);
  TrainingText(const TrainingText&) = delete;
  TrainingText& operator=(const TrainingText&) = delete;

  // Sets the model for which lines are cut into units; it must outlive this object.
  void read_for(const LanguageModel& model) {
    lines_ = std::make_unique<LineEncoder>(model);
    units_ = model.outcomes();
    with_words_ = model.characters != nullptr;
  }

  // Counts of the first sentences in training order: enough sentences for `units` units (or all
  // there are), and how often each unit is predicted in them. Empty for standard input.
  struct Sample {
    std::uint64_t sentences = 0, units = 0;
    std::vector<std::uint64_t> counts;
  };
  Sample sample(std::uint64_t units, std::int32_t outcomes);

  // The next window; false when all streams have reached the end of the text. If it throws (because
  // a file has changed), the position is unchanged.
  bool next(Window& window);
  // Goes back to the position before the last window.
  void rewind();

  Place place() const;
  // Call it after read_for(). Throws Error if the place is damaged or is of another text or
  // vocabulary.
  void go_to(const Place& place);

  std::string fingerprint() const { return corpus_.fingerprint(); }
  std::string limits() const { return corpus_.limits(); }
  std::uint64_t sentences() const { return sentences_; }
  std::uint64_t sentences_per_epoch() const { return corpus_.sentences(); }
  // Have all sentences of the wanted epochs been read?
  bool is_dealt() const { return shape_.epochs != 0 && sentences_ >= wanted_sentences(); }
  // The share of them that has been read.
  double progress() const;
  // The epoch of the last sentence read, from 1.
  std::uint64_t epoch() const { return corpus_.epoch() + 1; }
  // Of the sentences that this object has read; 0 before the first.
  double words_per_unit() const;

 private:
  std::uint64_t wanted_sentences() const { return shape_.epochs * corpus_.sentences(); }
  bool next_sequence(Sequence& sequence);

  Shape shape_;
  bool standard_input_;
  Corpus corpus_;
  StreamBatcher batcher_;
  std::unique_ptr<LineEncoder> lines_;
  std::int32_t units_ = 0;  // number of the model's units
  bool with_words_ = false;
  Place before_;
  std::uint64_t sentences_ = 0, dealt_words_ = 0, dealt_units_ = 0;
};

}  // namespace elmo
