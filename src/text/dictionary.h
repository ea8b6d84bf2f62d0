// The dictionaries of ELMoForManyLangs models, and words as these models read them.
//
// A dictionary is UTF-8 text with one entry a line: key, tab, id. If a key is repeated, its last
// entry counts. White space at the ends of a line is stripped, so a line that has only an id had a
// white-space key: it is read as U+3000.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/strings.h"
#include "text/normalisation.h"

namespace elmo {

class Dictionary {
 public:
  // `bytes`: the file's content. `markers`: keys that must be present. Throws Error, naming the
  // line, for text that is not UTF-8, a missing or invalid id, an id not below the number of keys,
  // and Error for an empty file or a missing marker.
  Dictionary(std::string bytes, const std::string& source,
             std::span<const std::string_view> markers);

  // Number of distinct keys, which is also the number of rows of an embedding table; ids are below
  // it.
  std::int32_t rows() const { return static_cast<std::int32_t>(ids_.size()); }
  std::optional<std::int32_t> find(std::string_view key) const;
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  StringMap<std::int32_t> ids_;
};

// How many words and characters of a text the dictionaries lack. Every occurrence counts.
struct Coverage {
  std::uint64_t words = 0, unknown_words = 0;            // 0 without a word dictionary
  std::uint64_t characters = 0, unknown_characters = 0;  // 0 without a character dictionary

  void add(const Coverage& other);
};

class DictionaryReader;

// The coverage under each normalisation, to tell the user which one would help.
struct DictionaryCoverage {
  Coverage read;         // with the model's normalisation
  Coverage nfkc, width;  // with these instead
  void add(const DictionaryCoverage& other);
};
// The coverage of one raw word.
DictionaryCoverage dictionary_coverage(const DictionaryReader& reader, std::string_view word);

// Turns words into ids. Immutable and thread-safe.
class DictionaryReader {
 public:
  static constexpr std::string_view kBeginSentence = "<bos>", kEndSentence = "<eos>";

  // `words` and `characters` are the contents of the files; one may be empty if the model does not
  // use it. `positions`: the largest number of ids of a word, including its two ends. Throws Error
  // as Dictionary does, and for more characters than 16-bit ids allow (65,536).
  DictionaryReader(std::string words, const std::string& words_source, std::string characters,
                   const std::string& characters_source, int positions,
                   Normalisation normalisation);

  const std::optional<Dictionary>& words() const { return words_; }
  const std::optional<Dictionary>& characters() const { return characters_; }
  Normalisation normalisation() const { return normalisation_; }
  // The id that fills the positions after a word's end; 0 without a character dictionary.
  std::uint16_t padding() const { return padding_; }

  // The form of the word that is looked up: normalised, then cut after positions - 2 code points.
  std::string prepare(std::string_view word) const { return prepare(word, normalisation_); }
  // The row of a prepared word; the row of `<oov>` if it is not listed.
  std::int32_t word_id(std::string_view prepared) const;
  // Appends the ids of a prepared word: `<eow>`, its characters, `<bow>`. The two ends are swapped
  // because the published models were trained that way. `<bos>` and `<eos>` count as one character.
  void append_characters(std::string_view prepared, std::vector<std::uint16_t>& ids) const;

  // The coverage of one occurrence of a raw word under `normalisation`.
  Coverage coverage(std::string_view word, Normalisation normalisation) const;

  // Do both readers map every word to the same ids?
  bool operator==(const DictionaryReader& other) const;

 private:
  std::string prepare(std::string_view word, Normalisation normalisation) const;

  std::optional<Dictionary> words_, characters_;
  int positions_;
  Normalisation normalisation_;
  std::int32_t unknown_word_ = 0;
  std::uint16_t unknown_ = 0, padding_ = 0, begin_word_ = 0, end_word_ = 0;
  std::uint16_t begin_sentence_ = 0, end_sentence_ = 0;
};

}  // namespace elmo
