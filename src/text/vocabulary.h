// The units of a language model: pieces or words. Each has a row in the model's tables.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace elmo {

// Immutable and thread-safe.
class Vocabulary {
 public:
  virtual ~Vocabulary() = default;

  std::int32_t rows() const { return rows_; }
  // The units for the beginning and end of a sentence, and for words that the vocabulary lacks.
  std::int32_t bos() const { return bos_; }
  std::int32_t eos() const { return eos_; }
  std::int32_t unk() const { return unk_; }
  // Does this unit stand for text that the vocabulary lacks?
  virtual bool is_unknown(std::int32_t id) const = 0;
  virtual std::string name(std::int32_t id) const = 0;
  // Appends the units of one raw word; at least one.
  virtual void encode(std::string_view word, std::vector<std::int32_t>& ids) const = 0;
  // The vocabulary as stored in files.
  const std::string& bytes() const { return bytes_; }

 protected:
  explicit Vocabulary(std::string bytes) : bytes_(std::move(bytes)) {}
  Vocabulary(Vocabulary&&) noexcept = default;

  std::string bytes_;
  std::int32_t rows_ = 0, bos_ = 0, eos_ = 0, unk_ = 0;
};

}  // namespace elmo
