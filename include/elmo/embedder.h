// Contextual word vectors over many calls.
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

// Embeds with a shared model and keeps between calls what Model::embed discards: its threads, a
// cache of the most recent words (their pieces or token vectors), its buffers and, with
// EmbedSettings::carry_state, the states of the language models. The vectors have the same bits as
// those of a single call with all sentences, however the sentences are split into calls.
//
// Not thread-safe: a call made while another is running throws UsageError. Any number of embedders
// may share one model. In a child of fork() the embedder works with new threads, unless a call was
// running when the process forked: then all its calls throw Error.
class ELMO_API Embedder {
 public:
  // `threads`: 0 means usable_cores(). `cached_words`: capacity of the cache in words; the least
  // recently used are dropped (with models of pieces each thread has a cache of its own, of at most
  // 32,768 words). Throws UsageError for invalid settings, Error if the threads can't be started.
  explicit Embedder(Model model, const EmbedSettings& settings = {}, int threads = 1,
                    std::size_t cached_words = 100'000);
  Embedder(Embedder&&) noexcept;
  Embedder& operator=(Embedder&&) noexcept;
  ~Embedder();

  const Model& model() const;

  // As Model::embed and Model::embed_all. With carry_state = N, sentence i, counted since the
  // embedder was created or reset, starts from the final state of sentence i - N. A call that
  // throws leaves the states and the count unchanged.
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

  // Embeds a range of any length, of std::vector<std::string> (words) or of texts, and calls
  // sink(WordVectors) for each sentence in order. Sentences are collected until a few batches are
  // full. Exceptions of the range or the sink are passed on; sentences embedded by then stay
  // counted.
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

  // Resets the carried states and the count of sentences; keeps the cache.
  void reset();

  // Words embedded so far, and how many of them were not in a cache and had to be encoded: into
  // token vectors (characters, dictionaries) or into pieces (once for each direction if the
  // directions have different vocabularies).
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
