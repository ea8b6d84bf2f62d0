#include "lm/training_text.h"

#include <algorithm>

namespace elmo {

TrainingText::TrainingText(const CorpusOptions& options, const Shape& shape)
    : shape_(shape),
      standard_input_(options.inputs.front() == "-"),
      corpus_(options),
      batcher_([this](Sequence& sequence) { return next_sequence(sequence); }, shape.streams,
               shape.steps, shape.carry_state) {}

bool TrainingText::next_sequence(Sequence& sequence) {
  // Checked before a line is read, because a later call may want another epoch.
  if (is_dealt()) return false;
  std::string line;
  if (!corpus_.next(line)) return false;
  ++sentences_;
  lines_->read(line, sequence);
  dealt_words_ += sequence.words;
  dealt_units_ += sequence.targets.size();
  return true;
}

TrainingText::Sample TrainingText::sample(std::uint64_t units, std::int32_t outcomes) {
  Sample sample;
  sample.counts.resize(static_cast<std::size_t>(outcomes));
  if (standard_input_) return sample;
  const std::string place = corpus_.position();
  std::string line;
  Sequence sequence;
  while (sample.units < units && sample.sentences < corpus_.sentences() && corpus_.next(line)) {
    lines_->read(line, sequence);
    ++sample.sentences;
    sample.units += sequence.targets.size();
    for (const std::int32_t target : sequence.targets) {
      ++sample.counts[static_cast<std::size_t>(target)];
    }
  }
  corpus_.seek(place);
  return sample;
}

bool TrainingText::next(Window& window) {
  before_ = place();
  try {
    return batcher_.next(window);
  } catch (...) {
    rewind();
    throw;
  }
}

void TrainingText::rewind() {
  if (!before_.streams.empty()) go_to(before_);
}

TrainingText::Place TrainingText::place() const {
  return {.corpus = standard_input_ ? "" : corpus_.position(),
          .streams = batcher_.state(),
          .sentences = sentences_};
}

void TrainingText::go_to(const Place& place) {
  batcher_.restore(place.streams, units_, with_words_);
  sentences_ = place.sentences;
  // Standard input can't go back; restoring the streams keeps what they still held.
  if (!standard_input_) corpus_.seek(place.corpus);
}

double TrainingText::progress() const {
  return static_cast<double>(sentences_) /
         static_cast<double>(std::max<std::uint64_t>(1, wanted_sentences()));
}

double TrainingText::words_per_unit() const {
  return static_cast<double>(dealt_words_) /
         static_cast<double>(std::max<std::uint64_t>(1, dealt_units_));
}

}  // namespace elmo
