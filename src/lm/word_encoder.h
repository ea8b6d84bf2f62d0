// Words to token vectors, where a model makes a word's vector from the word itself: by its
// characters, or by dictionaries.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lm/language_model.h"

namespace elmo {

// Immutable; threads share one, each with a Scratch of its own.
class WordEncoder {
 public:
  // Of kCharacters or kDictionaries, packed; the model outlives the encoder.
  explicit WordEncoder(const LanguageModel& model) : model_(model) {}

  int projection() const { return model_.settings.projection; }
  // The words that are read as a sentence's begin and end.
  std::string_view begin_sentence() const;
  std::string_view end_sentence() const;
  // Null with kCharacters.
  const DictionaryReader* dictionaries() const { return model_.dictionaries.get(); }

  struct Scratch {
    CharacterEncoder::Tape tape;
    CharacterRows rows;
    std::vector<std::int32_t> ids;
    ProjectedEmbedding::Scratch words;
  };
  // y (words x P): the words' vectors. A word has the same bits in any company.
  void encode(std::span<const std::string_view> words, Scratch& scratch, float* y) const;

 private:
  void read(std::span<const std::string_view> words, Scratch& scratch) const;

  const LanguageModel& model_;
};

}  // namespace elmo
