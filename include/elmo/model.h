// Contextual word vectors: load a model, embed sentences.
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
  // Was more than one layer asked for ("all", a list of two or more)? If not, layers is 1 and the
  // layer axis can be ignored.
  bool layered = true;

  // The vector of one word in one layer: `dimension` floats.
  std::span<const float> at(int layer, std::size_t word) const;
};

// gamma * sum_j softmax(weights)_j layer_j (Peters et al. 2018, equation 1).
struct ELMO_API ScalarMix {
  std::vector<float> weights = {};  // one for each layer, before the softmax
  float gamma = 1.0f;
  // Normalise each layer of a sentence to mean 0 and variance 1 first (AllenNLP's do_layer_norm).
  bool layer_norm = false;
  // The pooling of pieces to use when EmbedSettings::pooling is empty.
  std::string pooling = "boundary";
  // Model::hash() of the model that the mix was learned on; it is refused for any other model.
  // Empty: accepted for any model.
  std::string model_hash = "";

  // Reads the mix that `elmo train` learned from its task file. Throws Error if the file is not a
  // task file, is damaged, or was trained without ELMo vectors.
  static ScalarMix load(const std::string& task);
};

struct EmbedSettings {
  // "all" (layer 0 is the token encoder), "top", "average", or a list such as "0,2".
  std::string layers = "all";
  // Replaces `layers` if set.
  std::optional<ScalarMix> mix = {};
  // How the states of a word's pieces become its vector in layers 1 and up: "boundary", "first",
  // "last" or "mean". Empty: the pooling of `mix` if that is set, otherwise "boundary".
  std::string pooling = "";
  // "mean", "max", "first" or "last": pool the vectors of the words into one vector for each
  // sentence (the result has one word; a sentence without words gets zeros). Empty: no pooling.
  std::string pool = "";
  // Largest number of words that go through the layers together. More use more memory; the vectors
  // do not depend on it.
  int batch_words = 8192;
  // N: sentence i starts from the final state of sentence i - N. 0: sentences are independent.
  int carry_state = 0;
  // Called on the calling thread between batches. If it throws, the work ends with that exception.
  std::function<void()> between_batches = {};
};

// A word and its place in a text.
struct Word {
  std::string_view text;                       // a view of the given text
  std::size_t begin, end;                      // bytes [begin, end)
  std::size_t begin_character, end_character;  // the same in code points, as Python counts
};

// A range of texts that are not cut into words: std::string, std::string_view or const char*, but
// not temporary strings.
template <typename Range>
concept RangeOfTexts = std::ranges::input_range<const Range> &&
    std::convertible_to<std::ranges::range_reference_t<const Range>, std::string_view> &&
    (std::is_reference_v<std::ranges::range_reference_t<const Range>> ||
     std::is_trivially_copyable_v<std::ranges::range_reference_t<const Range>>)&&!std::
        convertible_to<const Range, std::string_view>;

// A forward and a backward language model. Immutable and thread-safe: any number of threads may use
// one model at the same time, and copies share the weights. A model loaded before fork() can be
// used in the child. Calls leave OpenMP's settings unchanged.
class ELMO_API Model {
 public:
  // Reads DIR/forward.h5 and DIR/backward.h5, or the folder of a model of ELMoForManyLangs.
  // `precision` is the format of the operands of matrix products: "f32", "bf16" or "auto" (bf16 on
  // CPUs where it is faster). Throws Error naming the file and the remedy. Thread-safe; but HDF5 is
  // not, and calls to it take turns only within this library: a program that also calls HDF5
  // directly must not do so while a model is loading.
  static Model load(const std::string& folder, const std::string& precision = "f32");
  // Reads weights in the official ELMo format: options.json, the HDF5 file and, if the weights hold
  // a vector for each word, the word list (otherwise empty).
  static Model load_official(const std::string& options, const std::string& weights,
                             const std::string& vocabulary = "",
                             const std::string& precision = "f32");
  // Reads a folder of ELMoForManyLangs. `normalize` says how words are normalised before they are
  // looked up: "none", "nfkc" or "width" (full-width ASCII becomes ASCII).
  static Model load_efml(const std::string& folder, const std::string& normalize = "none",
                         const std::string& precision = "f32");
  // Number of layers: the token encoder and the LSTM layers.
  int layers() const;
  // Dimension of a word's vector: the forward half, then the backward half.
  int dimension() const;
  // 32 hexadecimal digits that change with any weight or setting.
  const std::string& hash() const;
  // How the training text was cut into words: "spaces", "characters", "punctuation" or "tabs".
  std::string split() const;
  // Cuts a text into words as the model does; the words of the same line in a dump. Line breaks
  // (CR, LF) separate words too. Throws UsageError for text that is not UTF-8.
  std::vector<Word> words(std::string_view text) const;

  // Embeds one sentence, given as words, on the calling thread. A sentence always gets the same
  // bits, whatever is embedded with it. Throws UsageError for invalid settings, for words that are
  // not UTF-8, and for empty words unless the model is one of ELMoForManyLangs.
  WordVectors embed(const std::vector<std::string>& words,
                    const EmbedSettings& settings = {}) const;
  // The same for the words of a text.
  WordVectors embed(const std::convertible_to<std::string_view> auto& text,
                    const EmbedSettings& settings = {}) const {
    return embed_text(text, settings);
  }
  // Embeds many sentences in batches on `threads` threads (0: usable_cores()). Each call starts
  // with empty caches; for many calls use an Embedder.
  std::vector<WordVectors> embed_all(const std::vector<std::vector<std::string>>& sentences,
                                     const EmbedSettings& settings = {}, int threads = 1) const;
  // The same for the words of texts.
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
