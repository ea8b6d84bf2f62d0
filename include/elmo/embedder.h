// Word vectors in many calls.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "elmo/export.h"
#include "elmo/model.h"

namespace elmo {

// Embeds with a model that it shares, and keeps between calls what one call of Model::embed throws
// away: threads, the pieces or token vectors of the words that it met last, memory and, with
// EmbedSettings::carry_state, the states of the language models. Vectors have the same bits as
// those of one call for all sentences, however these are dealt to calls.
//
// One thread at a time: a call that finds another under way throws UsageError. Any number of
// embedders share one model. In a child of fork() it goes on with new threads, unless a call was
// under way when the process forked: then each of its calls throws Error.
class ELMO_API Embedder {
 public:
  // threads: 0 stands for usable_cores(). `cached_words`: words remembered at most, the least
  // recently used are dropped (of models of pieces, by each thread and at most 32,768). Throws
  // UsageError for settings that make no sense, Error where the system does not give the threads.
  explicit Embedder(Model model, const EmbedSettings& settings = {}, int threads = 1,
                    std::size_t cached_words = 100'000);
  Embedder(Embedder&&) noexcept;
  Embedder& operator=(Embedder&&) noexcept;
  ~Embedder();

  const Model& model() const;

  // As Model::embed and Model::embed_all. With carry_state = N, sentence i since the embedder was
  // made or reset goes on with the state of sentence i - N. A call that throws leaves the states
  // and that count as they were.
  WordVectors embed(const std::vector<std::string>& words);
  WordVectors embed(const std::convertible_to<std::string_view> auto& text) {
    return embed_text(text);
  }
  std::vector<WordVectors> embed_all(const std::vector<std::vector<std::string>>& sentences);
  std::vector<WordVectors> embed_all(const RangeOfTexts auto& texts) {
    std::vector<std::string_view> views;
    for (const auto& text : texts) views.push_back(text);
    return embed_texts(views);
  }

  // Sentences one by one, however many: those of a range of std::vector<std::string> (words) or of
  // texts. sink(WordVectors) gets each one's vectors, in order; sentences wait until some batches
  // of them are full. What the range or the sink throws comes out, and sentences that were embedded
  // by then stay counted.
  template <std::ranges::input_range Sentences, typename Sink>
  void embed_each(Sentences&& sentences, Sink&& sink) {
    auto at = std::ranges::begin(sentences);
    const auto end = std::ranges::end(sentences);
    embed_stream(
        [&](std::vector<std::string>& words) {
          if (at == end) return false;
          if constexpr (std::convertible_to<std::ranges::range_reference_t<Sentences>,
                                            std::string_view>) {
            words.clear();
            const auto& text = *at;
            for (const Word& word : model().words(text)) words.emplace_back(word.text);
          } else {
            words = *at;
          }
          ++at;
          return true;
        },
        std::forward<Sink>(sink));
  }

  // Forgets carried states: the next sentence is the first. Caches stay.
  void reset();

  // Words embedded so far, and how many of them had to be encoded because no cache held them: from
  // characters or dictionaries into token vectors, or into pieces (there by each direction, where
  // their vocabularies differ).
  struct Counts {
    std::uint64_t words = 0, encoded = 0;
  };
  Counts counts() const;

 private:
  WordVectors embed_text(std::string_view text);
  std::vector<WordVectors> embed_texts(const std::vector<std::string_view>& texts);
  void embed_stream(const std::function<bool(std::vector<std::string>& words)>& next,
                    const std::function<void(WordVectors)>& sink);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace elmo
