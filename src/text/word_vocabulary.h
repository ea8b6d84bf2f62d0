// A word list: one word a line, `<S>`, `</S>`, `<UNK>` first, then by falling frequency
// (bilm-tf's vocabulary file). It is the softmax of models with the character encoder.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/strings.h"

namespace elmo {

class WordVocabulary {
 public:
  // `bytes`: one word a line, as bytes() gives them. Throws Error: the three special words missing,
  // an empty line, a word twice (with both lines), not UTF-8, fewer than one real word.
  WordVocabulary(std::string bytes, const std::string& source);
  // Of a file that people write, by text/line_reader.h; blanks around a word are none of it, blank
  // lines may end the file.
  static WordVocabulary from_file(const std::string& path);

  std::int32_t rows() const { return static_cast<std::int32_t>(words_.size()); }
  std::int32_t bos() const { return bos_; }
  std::int32_t eos() const { return eos_; }
  std::int32_t unk() const { return unk_; }
  // unk() for a word that is listed neither as it is nor in normalisation form C.
  std::int32_t id(std::string_view word) const;
  const std::string& word(std::int32_t id) const { return words_[static_cast<std::size_t>(id)]; }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  std::vector<std::string> words_;
  StringMap<std::int32_t> ids_;
  StringMap<std::int32_t> normal_ids_;  // of words that are not in normalisation form C, by it
  std::int32_t bos_ = 0, eos_ = 0, unk_ = 0;
};

}  // namespace elmo
