// Words to token vectors, where a model makes a word's vector from the word itself: by its
// characters, or by dictionaries.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lm/language_model.h"

namespace elmo {

// Immutable; threads share one, each with a Scratch of its own.
class WordEncoder {
 public:
  // Takes the token encoder of a model of kCharacters or kDictionaries over and packs it.
  WordEncoder(LanguageModel& model, Precision precision);

  int projection() const { return projection_; }
  // The words that are read as a sentence's begin and end.
  std::string_view begin_sentence() const;
  std::string_view end_sentence() const;
  // Null with kCharacters.
  const DictionaryReader* dictionaries() const { return dictionaries_.get(); }

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

  int projection_, positions_;
  std::unique_ptr<CharacterEncoder> characters_;
  std::unique_ptr<ProjectedEmbedding> listed_words_;
  std::shared_ptr<const DictionaryReader> dictionaries_;
};

}  // namespace elmo
