// Contextual word vectors in a program of one's own.
#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "elmo/export.h"

namespace elmo {

// Vectors of one sentence: `values` is row-major (layers, words, dimension).
struct ELMO_API WordVectors {
  int layers = 0;
  std::size_t words = 0;
  int dimension = 0;
  std::vector<float> values = {};
  // Is the layer axis meant ("all", lists of two and more)? If not, there is one row a word.
  bool layered = true;

  // Of one word in one layer; dimension floats.
  std::span<const float> at(int layer, std::size_t word) const;
};

// gamma * sum_j softmax(weights)_j layer_j (Peters et al. 2018, equation 1).
struct ELMO_API ScalarMix {
  std::vector<float> weights = {};  // one a layer, before the softmax
  float gamma = 1.0f;
  // Bring each layer of a sentence to mean 0 and variance 1 first (AllenNLP's do_layer_norm).
  bool layer_norm = false;
  // What words of several pieces take where EmbedSettings leaves it open.
  std::string pooling = "boundary";
  // Model::hash() of the model that it was learned on, the only one it is taken for; empty: any.
  std::string model_hash = "";

  // The mix that `elmo train` has learned, from its task file. Throws Error: not a task file,
  // damaged, or trained without ELMo vectors.
  static ScalarMix load(const std::string& task);
};

struct EmbedSettings {
  // all (layer 0 is the token encoder), top, average, or a list such as "0,2".
  std::string layers = "all";
  // Instead of `layers`.
  std::optional<ScalarMix> mix = {};
  // What a word of several pieces takes from layers 1 and up: boundary, first, last or mean;
  // empty: as the mix says, without one boundary.
  std::string pooling = "";
  // mean, max, first or last: one vector a sentence, made of its words' vectors (the result has one
  // word); zeros of a sentence without words. Empty: one vector a word.
  std::string pool = "";
  // Words that go through the layers together, at most; vectors do not depend on it.
  int batch_words = 4096;
  // N: sentence i goes on with the state of sentence i - N; 0: sentences are independent.
  int carry_state = 0;
  // Called on the calling thread between batches; what it throws ends the work and comes out.
  std::function<void()> between_batches = {};
};

// A stretch of a text.
struct Word {
  std::string_view text;                       // views the given text
  std::size_t begin, end;                      // bytes [begin, end) of it
  std::size_t begin_character, end_character;  // the same in code points, as Python counts
};

// Texts that are not cut into words: a range of std::string, std::string_view or const char*, no
// temporary strings.
template <typename Range>
concept RangeOfTexts = std::ranges::input_range<const Range> &&
    std::convertible_to<std::ranges::range_reference_t<const Range>, std::string_view> &&
    (std::is_reference_v<std::ranges::range_reference_t<const Range>> ||
     std::is_trivially_copyable_v<std::ranges::range_reference_t<const Range>>)&&!std::
        convertible_to<const Range, std::string_view>;

// A forward and a backward language model. Immutable; copies share the weights, and any number of
// threads may use one at once. In a child of fork() a model that its parent loaded works as it did
// there. A call leaves OpenMP's settings as they were.
class ELMO_API Model {
 public:
  // Reads DIR/forward.h5 and DIR/backward.h5, or the folder of a model of ELMoForManyLangs.
  // `precision` of products: f32, bf16 or auto (bf16 where the CPU has it). Throws Error naming the
  // file and the remedy. Any number of threads may load at once; they take turns at HDF5, which
  // bears one, so a program that calls HDF5 itself must not do so meanwhile.
  static Model load(const std::string& folder, const std::string& precision = "f32");
  // The same of weights in the official ELMo format: options.json and the HDF5 file, and the word
  // list (empty: none) where the weights have a vector for each word.
  static Model load_official(const std::string& options, const std::string& weights,
                             const std::string& vocabulary = "",
                             const std::string& precision = "f32");
  // A folder of ELMoForManyLangs whose words are normalised before they are looked up: none, nfkc
  // or width (full-width ASCII becomes ASCII).
  static Model load_efml(const std::string& folder, const std::string& normalize = "none",
                         const std::string& precision = "f32");
  // The token encoder and the LSTM layers.
  int layers() const;
  // Forward half, then backward half.
  int dimension() const;
  // 32 hexadecimal digits that change with any weight or setting.
  const std::string& hash() const;
  // How the model's text was cut into words: spaces, characters, punctuation or tabs.
  std::string split() const;
  // The words of a text as the model cuts them, which are those of the same line in a dump. Line
  // breaks (CR, LF) part words too. Throws UsageError for text that is not UTF-8.
  std::vector<Word> words(std::string_view text) const;

  // Embeds a sentence given as words, on the calling thread. The same words have the same bits
  // whatever is embedded beside them. Throws UsageError for settings that make no sense, for words
  // that are not UTF-8 and for empty ones, which ELMoForManyLangs alone knows.
  WordVectors embed(const std::vector<std::string>& words,
                    const EmbedSettings& settings = {}) const;
  // The same of the words of a text.
  WordVectors embed(const std::convertible_to<std::string_view> auto& text,
                    const EmbedSettings& settings = {}) const {
    return embed_text(text, settings);
  }
  // Many sentences, sorted into batches, by `threads` threads (0: usable_cores()). Each call begins
  // with empty caches; who calls often has an Embedder.
  std::vector<WordVectors> embed_all(const std::vector<std::vector<std::string>>& sentences,
                                     const EmbedSettings& settings = {}, int threads = 1) const;
  // The same of the words of texts.
  std::vector<WordVectors> embed_all(const RangeOfTexts auto& texts,
                                     const EmbedSettings& settings = {}, int threads = 1) const {
    std::vector<std::string_view> views;
    for (const auto& text : texts) views.push_back(text);
    return embed_texts(views, settings, threads);
  }

 private:
  friend class Embedder;
  WordVectors embed_text(std::string_view text, const EmbedSettings& settings) const;
  std::vector<WordVectors> embed_texts(const std::vector<std::string_view>& texts,
                                       const EmbedSettings& settings, int threads) const;

  struct Impl;
  explicit Model(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace elmo
