// A word list: one word a line, `<S>`, `</S>`, `<UNK>` first, then by falling frequency
// (bilm-tf's vocabulary file). It is the softmax of models with the character encoder.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/text_hash.h"

namespace elmo {

class WordVocabulary {
 public:
  // `bytes`: the file's content. Throws Error: the three special words missing, an empty line,
  // a word twice (with both lines), not UTF-8, fewer than one real word.
  WordVocabulary(std::string bytes, const std::string& source);
  static WordVocabulary from_file(const std::string& path);

  std::int32_t rows() const { return static_cast<std::int32_t>(words_.size()); }
  std::int32_t bos() const { return bos_; }
  std::int32_t eos() const { return eos_; }
  std::int32_t unk() const { return unk_; }
  // unk() for a word that is not listed.
  std::int32_t id(std::string_view word) const;
  const std::string& word(std::int32_t id) const { return words_[static_cast<std::size_t>(id)]; }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  std::vector<std::string> words_;
  std::unordered_map<std::string, std::int32_t, TextHash, std::equal_to<>> ids_;
  std::int32_t bos_ = 0, eos_ = 0, unk_ = 0;
};

}  // namespace elmo
