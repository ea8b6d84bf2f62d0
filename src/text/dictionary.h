// The dictionaries of ELMoForManyLangs models, and words as these models read them.
//
// A dictionary is UTF-8, one entry a line: key, tab, id. Of equal keys the later counts. White
// space at a line's ends is no part of it, so a key that is white space is lost; U+3000 takes its
// place.
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
  // `bytes`: the file's content. `markers`: keys that must be there. Throws Error, with the line:
  // no entry, not UTF-8, an id that is no number or beyond the number of entries, a marker missing.
  Dictionary(std::string bytes, const std::string& source,
             std::span<const std::string_view> markers);

  // Number of different keys, and of the rows of a table that has one for each; ids are below it.
  std::int32_t rows() const { return static_cast<std::int32_t>(ids_.size()); }
  std::optional<std::int32_t> find(std::string_view key) const;
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  StringMap<std::int32_t> ids_;
};

// How many words and characters of a text are not in the dictionaries, by occurrences.
struct Coverage {
  std::uint64_t words = 0, unknown_words = 0;            // 0 without a dictionary of words
  std::uint64_t characters = 0, unknown_characters = 0;  // the same of characters

  void add(const Coverage& other);
};

class DictionaryReader;

// The same under each normalisation, to say which would help.
struct DictionaryCoverage {
  Coverage read;         // as the model reads
  Coverage nfkc, width;  // if it normalised words so
  void add(const DictionaryCoverage& other);
};
// The coverage of one raw word.
DictionaryCoverage dictionary_coverage(const DictionaryReader& reader, std::string_view word);

// Turns words into ids. Immutable; thread-safe.
class DictionaryReader {
 public:
  static constexpr std::string_view kBeginSentence = "<bos>", kEndSentence = "<eos>";

  // One of the two may be empty: the model does without. `positions`: characters of a word with its
  // two ends, so two more than a word keeps. Throws Error as Dictionary does, and for more
  // characters than ids have room for (65,536).
  DictionaryReader(std::string words, const std::string& words_source, std::string characters,
                   const std::string& characters_source, int positions,
                   Normalisation normalisation);

  const std::optional<Dictionary>& words() const { return words_; }
  const std::optional<Dictionary>& characters() const { return characters_; }
  Normalisation normalisation() const { return normalisation_; }
  // The character behind a word's end; 0 without characters.
  std::uint16_t padding() const { return padding_; }

  // The word as it is looked up: normalised, then cut after positions - 2 code points.
  std::string prepare(std::string_view word) const { return prepare(word, normalisation_); }
  // Of a prepared word: its row, that of `<oov>` where it is not listed.
  std::int32_t word_id(std::string_view prepared) const;
  // Of a prepared word: appends `<eow>`, a character each, `<bow>`. The ends are exchanged because
  // the published models were trained so. `<bos>` and `<eos>` are one character.
  void append_characters(std::string_view prepared, std::vector<std::uint16_t>& ids) const;

  // Of a raw word, once, as it would be read with this normalisation.
  Coverage coverage(std::string_view word, Normalisation normalisation) const;

  // Do both read every word the same?
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
