// A word list as bilm-tf writes it: one word a line, `<S>`, `</S>` and `<UNK>` first, then by
// falling frequency. It is the softmax vocabulary of models with the character encoder.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/strings.h"
#include "text/vocabulary.h"

namespace elmo {

class WordVocabulary final : public Vocabulary {
 public:
  // `bytes`: one word a line, as bytes() gives them. Throws Error if one of the three special words
  // is missing, for an empty line, a duplicate word (naming both lines), text that is not UTF-8,
  // and a list without any other word.
  WordVocabulary(std::string bytes, const std::string& source);
  // Reads a file written by a user (text/line_reader.h). Blanks around a word and blank lines at
  // the end are ignored.
  static WordVocabulary from_file(const std::string& path);

  bool is_unknown(std::int32_t id) const override { return id == unk_; }
  std::string name(std::int32_t id) const override { return words_[static_cast<std::size_t>(id)]; }
  // The row of a word, looked up as it is and in normalisation form C; unk() if neither is listed.
  std::int32_t id(std::string_view word) const;
  void encode(std::string_view word, std::vector<std::int32_t>& ids) const override {
    ids.push_back(id(word));
  }

 private:
  std::vector<std::string> words_;
  StringMap<std::int32_t> ids_;
  StringMap<std::int32_t> normal_ids_;  // words not listed in NFC, keyed by their NFC
};

}  // namespace elmo
