// A word list: one word a line, `<S>`, `</S>`, `<UNK>` first, then by falling frequency
// (bilm-tf's vocabulary file). It is the softmax of models with the character encoder.
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
  // `bytes`: one word a line, as bytes() gives them. Throws Error: the three special words missing,
  // an empty line, a word twice (with both lines), not UTF-8, fewer than one real word.
  WordVocabulary(std::string bytes, const std::string& source);
  // Of a file that people write, by text/line_reader.h; blanks around a word are none of it, blank
  // lines may end the file.
  static WordVocabulary from_file(const std::string& path);

  bool is_unknown(std::int32_t id) const override { return id == unk_; }
  std::string name(std::int32_t id) const override { return words_[static_cast<std::size_t>(id)]; }
  // unk() for a word that is listed neither as it is nor in normalisation form C.
  std::int32_t id(std::string_view word) const;
  void encode(std::string_view word, std::vector<std::int32_t>& ids) const override {
    ids.push_back(id(word));
  }

 private:
  std::vector<std::string> words_;
  StringMap<std::int32_t> ids_;
  StringMap<std::int32_t> normal_ids_;  // of words that are not in normalisation form C, by it
};

}  // namespace elmo
