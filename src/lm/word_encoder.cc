#include "lm/word_encoder.h"

#include <algorithm>
#include <utility>

#include "text/characters.h"

namespace elmo {

WordEncoder::WordEncoder(LanguageModel& model, Precision precision)
    : projection_(model.settings.projection),
      positions_(model.settings.characters.positions),
      characters_(std::move(model.characters)),
      listed_words_(std::move(model.listed_words)),
      dictionaries_(model.dictionaries) {
  // Packed weights are not also kept in float32.
  if (characters_) {
    characters_->prepare(precision, false);
    for (int part = 0; part < characters_->pack_parts(); ++part) characters_->pack(part);
    for (Parameter& filter : characters_->filters) filter.value = {};
    for (auto& highway : characters_->highways) {
      highway.carry.value = {};
      highway.transform.value = {};
    }
    characters_->projection.value = {};
  }
  if (listed_words_) {
    listed_words_->prepare(precision);
    listed_words_->pack();
    listed_words_->projection.value = {};
  }
}

std::string_view WordEncoder::begin_sentence() const {
  return dictionaries() ? DictionaryReader::kBeginSentence : std::string_view("<S>");
}
std::string_view WordEncoder::end_sentence() const {
  return dictionaries() ? DictionaryReader::kEndSentence : std::string_view("</S>");
}

void WordEncoder::read(std::span<const std::string_view> words, Scratch& scratch) const {
  scratch.rows.clear();
  scratch.ids.clear();
  for (const std::string_view word : words) {
    if (const DictionaryReader* reader = dictionaries()) {
      const std::string prepared = reader->prepare(word);
      if (characters_) reader->append_characters(prepared, scratch.rows.ids);
      if (listed_words_) scratch.ids.push_back(reader->word_id(prepared));
    } else {
      append_characters(word, positions_, scratch.rows.ids);
    }
    scratch.rows.end_word();
  }
}

void WordEncoder::encode(std::span<const std::string_view> words, Scratch& scratch,
                         float* y) const {
  const auto count = static_cast<std::int64_t>(words.size());
  read(words, scratch);
  if (characters_) {
    if (scratch.tape.words < count) {
      scratch.tape = CharacterEncoder::Tape(*characters_, count);
    }
    characters_->forward(scratch.rows, 0, count, scratch.tape, y);
  }
  if (listed_words_) {
    listed_words_->forward(scratch.ids.data(), count, y, scratch.words);
  }
}

}  // namespace elmo
