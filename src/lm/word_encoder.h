// Computes token vectors from the words themselves, by their characters or by dictionaries.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lm/language_model.h"

namespace elmo {

// Immutable and thread-safe; each thread needs a Scratch of its own.
class WordEncoder {
 public:
  // Moves the token encoder out of a model of kCharacters or kDictionaries and packs it.
  WordEncoder(LanguageModel& model, Precision precision);

  int projection() const { return projection_; }
  // The words for the beginning and the end of a sentence.
  std::string_view begin_sentence() const;
  std::string_view end_sentence() const;
  // Null for kCharacters.
  const DictionaryReader* dictionaries() const { return dictionaries_.get(); }

  struct Scratch {
    CharacterEncoder::Tape tape;
    CharacterRows rows;
    std::vector<std::int32_t> ids;
    ProjectedEmbedding::Scratch words;
  };
  // Computes the vectors of words, y (words x P). The bits of a vector do not depend on the other
  // words.
  void encode(std::span<const std::string_view> words, Scratch& scratch, float* y) const;

 private:
  void read(std::span<const std::string_view> words, Scratch& scratch) const;

  int projection_, positions_;
  std::unique_ptr<CharacterEncoder> characters_;
  std::unique_ptr<ProjectedEmbedding> listed_words_;
  std::shared_ptr<const DictionaryReader> dictionaries_;
};

}  // namespace elmo
