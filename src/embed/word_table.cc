#include "embed/word_table.h"

#include <algorithm>

namespace elmo {
namespace {

constexpr std::int64_t kBlock = 64;  // words that a thread encodes together

}  // namespace

WordTable::WordTable(const WordEncoder& forward, const WordEncoder& backward, std::size_t capacity,
                     Workers& workers)
    : encoders_{&forward, &backward},
      directions_(&forward == &backward ? 1 : 2),
      capacity_(capacity),
      workers_(workers) {
  // kBos, kEos: as the literal tokens are read.
  const std::string ends[] = {std::string(forward.begin_sentence()),
                              std::string(forward.end_sentence())};
  pin(ends);
}

void WordTable::pin(std::span<const std::string> words) {
  std::vector<std::string_view> fresh;
  for (const std::string& word : words) take(word, fresh);
  encode(fresh);
  pinned_ = ids_.size();
}

void WordTable::take(std::string_view word, std::vector<std::string_view>& fresh) {
  if (ids_.contains(word)) return;
  const auto id = static_cast<std::int32_t>(ids_.size());
  fresh.push_back(ids_.emplace(std::string(word), id).first->first);
  if (const DictionaryReader* reader = encoders_[0]->dictionaries()) {
    coverages_.resize(static_cast<std::size_t>(id));  // the table may have been emptied
    coverages_.push_back(dictionary_coverage(*reader, word));
  }
}

void WordTable::add(const std::function<void(const Sink&)>& for_each_word) {
  if (ids_.size() > pinned_ + capacity_) {
    std::erase_if(
        ids_, [&](const auto& item) { return static_cast<std::size_t>(item.second) >= pinned_; });
  }
  std::vector<std::string_view> fresh;
  for_each_word([&](std::string_view word) {
    ++occurrences_;
    take(word, fresh);
    if (!coverages_.empty()) coverage_.add(coverages_[static_cast<std::size_t>(id(word))]);
  });
  encoded_ += fresh.size();
  encode(fresh);
}

void WordTable::encode(const std::vector<std::string_view>& fresh) {
  const std::size_t first = ids_.size() - fresh.size();
  for (int d = 0; d < directions_; ++d) {
    vectors_[d].resize(ids_.size() * static_cast<std::size_t>(encoders_[d]->projection()));
  }
  workers_.run([&](int index) {
    WordEncoder::Scratch scratch[2];
    const auto count = static_cast<std::int64_t>(fresh.size());
    // Blocks in turn: words differ in length.
    for (std::int64_t begin = index * kBlock; begin < count; begin += workers_.count() * kBlock) {
      const std::int64_t end = std::min(count, begin + kBlock);
      for (int d = 0; d < directions_; ++d) {
        const auto words = std::span(fresh).subspan(static_cast<std::size_t>(begin),
                                                    static_cast<std::size_t>(end - begin));
        encoders_[d]->encode(words, scratch[d],
                             vectors_[d].data() + (static_cast<std::int64_t>(first) + begin) *
                                                      encoders_[d]->projection());
      }
    }
  });
}

}  // namespace elmo
