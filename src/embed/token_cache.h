// Caches the token vectors of words, for models of characters or dictionaries.
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

  // The token encoders of the directions, the same object if they share one. `capacity`: the
  // largest number of words kept besides the pinned ones and those of the current window; the least
  // recently used are dropped.
  TokenCache(const WordEncoder& forward, const WordEncoder& backward, std::size_t capacity,
             Workers& workers);

  // Encodes words that are never dropped. Call it before the first window.
  void pin(std::span<const std::string> words);
  // Encodes the words of a window that are not in the cache. Ids and vectors() are valid until the
  // next call. If it throws, the cache is as if the new words had never been seen.
  using Sink = std::function<void(std::string_view)>;
  void add(const std::function<void(const Sink&)>& for_each_word);

  // The id of a word of the current window.
  std::int32_t id(std::string_view word) const { return *ids_.find(word); }
  // Row id: the word's vector (P).
  const float* vectors(Direction direction) const {
    return vectors_[directions_ == 2 && direction == Direction::kBackward ? 1 : 0].data();
  }

  // How many words had to be encoded so far, without pinned ones.
  std::uint64_t encoded() const { return encoded_; }
  // What the dictionaries know of the occurrences so far; zeros for other models.
  const DictionaryCoverage& coverage() const { return coverage_; }

 private:
  struct Fresh {
    std::string_view word;
    std::int32_t id;
  };
  void encode(const std::vector<Fresh>& fresh);
  std::int32_t take(std::string_view word, std::vector<Fresh>& fresh);

  const WordEncoder* encoders_[2];
  int directions_;  // 1 if one encoder serves both
  Workers& workers_;
  RecentStrings ids_;
  std::vector<float> vectors_[2];
  std::uint64_t encoded_ = 0;
  DictionaryCoverage coverage_;
  std::vector<DictionaryCoverage> coverages_;  // of one occurrence of each word, by id
};

}  // namespace elmo
