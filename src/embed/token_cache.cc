#include "embed/token_cache.h"

#include <algorithm>

namespace elmo {
namespace {

constexpr std::int64_t kBlock = 64;  // words that a thread encodes at a time

}  // namespace

TokenCache::TokenCache(const WordEncoder& forward, const WordEncoder& backward,
                       std::size_t capacity, Workers& workers)
    : encoders_{&forward, &backward},
      directions_(&forward == &backward ? 1 : 2),
      workers_(workers),
      ids_(capacity) {
  // kBos and kEos have the vectors of the words that stand for them.
  const std::string ends[] = {std::string(forward.begin_sentence()),
                              std::string(forward.end_sentence())};
  pin(ends);
}

void TokenCache::pin(std::span<const std::string> words) {
  std::vector<Fresh> fresh;
  for (const std::string& word : words) take(word, fresh);
  encode(fresh);
  ids_.keep_all();
}

std::int32_t TokenCache::take(std::string_view word, std::vector<Fresh>& fresh) {
  const auto [id, is_new] = ids_.take(word);
  if (!is_new) return id;
  fresh.push_back({word, id});
  if (const DictionaryReader* reader = encoders_[0]->dictionaries()) {
    coverages_.resize(ids_.numbers());
    coverages_[static_cast<std::size_t>(id)] = dictionary_coverage(*reader, word);
  }
  return id;
}

void TokenCache::add(const std::function<void(const Sink&)>& for_each_word) {
  ids_.begin_round();
  std::vector<Fresh> fresh;
  for_each_word([&](std::string_view word) {
    const std::int32_t id = take(word, fresh);
    if (!coverages_.empty()) coverage_.add(coverages_[static_cast<std::size_t>(id)]);
  });
  encode(fresh);
  encoded_ += fresh.size();
}

void TokenCache::encode(const std::vector<Fresh>& fresh) {
  const auto count = static_cast<std::int64_t>(fresh.size());
  try {
    for (int d = 0; d < directions_; ++d) {
      vectors_[d].resize(ids_.numbers() * static_cast<std::size_t>(encoders_[d]->projection()));
    }
    workers_.run([&](int index) {
      WordEncoder::Scratch scratch[2];
      std::vector<std::string_view> words;
      std::vector<float> block;
      // Threads take blocks in turn, because words differ in length.
      for (std::int64_t begin = index * kBlock; begin < count; begin += workers_.count() * kBlock) {
        const auto some =
            std::span(fresh).subspan(static_cast<std::size_t>(begin),
                                     static_cast<std::size_t>(std::min(count - begin, kBlock)));
        words.clear();
        for (const Fresh& one : some) words.push_back(one.word);
        for (int d = 0; d < directions_; ++d) {
          const auto p = static_cast<std::size_t>(encoders_[d]->projection());
          block.resize(some.size() * p);
          encoders_[d]->encode(words, scratch[d], block.data());
          for (std::size_t i = 0; i < some.size(); ++i) {
            std::copy_n(block.data() + i * p, p,
                        vectors_[d].data() + static_cast<std::size_t>(some[i].id) * p);
          }
        }
      }
    });
  } catch (...) {
    for (const Fresh& one : fresh) ids_.forget(one.id);
    throw;
  }
}

}  // namespace elmo
