#include "lm/word_encoder.h"

#include <algorithm>

#include "text/characters.h"

namespace elmo {

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
      if (model_.characters) reader->append_characters(prepared, scratch.rows.ids);
      if (model_.listed_words) scratch.ids.push_back(reader->word_id(prepared));
    } else {
      append_characters(word, model_.settings.characters.positions, scratch.rows.ids);
    }
    scratch.rows.end_word();
  }
}

void WordEncoder::encode(std::span<const std::string_view> words, Scratch& scratch,
                         float* y) const {
  const auto count = static_cast<std::int64_t>(words.size());
  read(words, scratch);
  if (model_.characters) {
    if (scratch.tape.words < count) {
      scratch.tape = CharacterEncoder::Tape(*model_.characters, count);
    }
    model_.characters->forward(scratch.rows, 0, count, scratch.tape, y);
  }
  if (model_.listed_words) {
    model_.listed_words->forward(scratch.ids.data(), count, y, scratch.words);
  }
}

}  // namespace elmo
