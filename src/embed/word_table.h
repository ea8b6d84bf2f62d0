// Token vectors of the words that models of characters or dictionaries meet, each encoded once a
// run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/text_hash.h"
#include "compute/workers.h"
#include "lm/word_encoder.h"
#include "text/streams.h"

namespace elmo {

class WordTable {
 public:
  static constexpr std::int32_t kBos = 0, kEos = 1;

  // The encoders of the directions, the same object where they share one. `capacity`: words kept
  // at most, besides pinned ones and those of the window at hand.
  WordTable(const WordEncoder& forward, const WordEncoder& backward, std::size_t capacity,
            Workers& workers);

  // Words that are never dropped; before any window.
  void pin(std::span<const std::string> words);
  // Encodes the words of a window that have no vector yet. A full table is emptied first, so ids
  // and vectors() hold until the next call.
  using Sink = std::function<void(std::string_view)>;
  void add(const std::function<void(const Sink&)>& for_each_word);

  // Of a word of the window.
  std::int32_t id(std::string_view word) const { return ids_.find(word)->second; }
  // Row id: the word's vector (P).
  const float* vectors(Direction direction) const {
    return vectors_[directions_ == 2 && direction == Direction::kBackward ? 1 : 0].data();
  }

  // Occurrences of words so far, and how many of them had to be encoded.
  std::uint64_t occurrences() const { return occurrences_; }
  std::uint64_t encoded() const { return encoded_; }
  // Of the occurrences so far, what dictionaries know; zeros of a model without.
  const DictionaryCoverage& coverage() const { return coverage_; }

 private:
  void encode(const std::vector<std::string_view>& fresh);
  void take(std::string_view word, std::vector<std::string_view>& fresh);

  const WordEncoder* encoders_[2];
  int directions_;  // 1: one encoder serves both
  std::size_t capacity_, pinned_ = 0;
  Workers& workers_;
  std::unordered_map<std::string, std::int32_t, TextHash, std::equal_to<>> ids_;
  std::vector<float> vectors_[2];
  std::uint64_t occurrences_ = 0, encoded_ = 0;
  DictionaryCoverage coverage_;
  std::vector<DictionaryCoverage> coverages_;  // of one occurrence, by id
};

}  // namespace elmo
