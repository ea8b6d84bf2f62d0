// Token vectors of the words that models of characters or dictionaries meet, each encoded once
// while it is remembered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/recent_strings.h"
#include "compute/workers.h"
#include "lm/word_encoder.h"
#include "text/streams.h"

namespace elmo {

class TokenCache {
 public:
  static constexpr std::int32_t kBos = 0, kEos = 1;

  // The encoders of the directions, the same object where they share one. `capacity`: words kept
  // at most, besides pinned ones and those of the window at hand; the least recently used go.
  TokenCache(const WordEncoder& forward, const WordEncoder& backward, std::size_t capacity,
             Workers& workers);

  // Words that are never dropped; before any window.
  void pin(std::span<const std::string> words);
  // Encodes the words of a window that have no vector yet. Ids and vectors() hold until the next
  // call. When it throws, the words that it was to encode are as if they had not been met.
  using Sink = std::function<void(std::string_view)>;
  void add(const std::function<void(const Sink&)>& for_each_word);

  // Of a word of the window.
  std::int32_t id(std::string_view word) const { return *ids_.find(word); }
  // Row id: the word's vector (P).
  const float* vectors(Direction direction) const {
    return vectors_[directions_ == 2 && direction == Direction::kBackward ? 1 : 0].data();
  }

  // How many words had to be encoded so far, pinned ones left out.
  std::uint64_t encoded() const { return encoded_; }
  // Of the occurrences so far, what dictionaries know; zeros of a model without.
  const DictionaryCoverage& coverage() const { return coverage_; }

 private:
  struct Fresh {
    std::string_view word;
    std::int32_t id;
  };
  void encode(const std::vector<Fresh>& fresh);
  std::int32_t take(std::string_view word, std::vector<Fresh>& fresh);

  const WordEncoder* encoders_[2];
  int directions_;  // 1: one encoder serves both
  Workers& workers_;
  RecentStrings ids_;
  std::vector<float> vectors_[2];
  std::uint64_t encoded_ = 0;
  DictionaryCoverage coverage_;
  std::vector<DictionaryCoverage> coverages_;  // of one occurrence, by id
};

}  // namespace elmo
