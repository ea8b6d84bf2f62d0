// Contextual word vectors in a program of one's own.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace elmo {

// Vectors of one sentence: `values` is row-major (layers, words, dimension).
struct WordVectors {
  int layers = 0;
  std::size_t words = 0;
  int dimension = 0;
  std::vector<float> values;
  // Is the layer axis meant ("all", lists of two and more)? If not, there is one row a word.
  bool layered = true;

  // Of one word in one layer; dimension floats.
  std::span<const float> at(int layer, std::size_t word) const;
};

// gamma * sum_j softmax(weights)_j layer_j (Peters et al. 2018, equation 1).
struct ScalarMix {
  std::vector<float> weights;  // one a layer, before the softmax
  float gamma = 1.0f;
  // Bring each layer of a sentence to mean 0 and variance 1 first (AllenNLP's do_layer_norm).
  bool layer_norm = false;
  // What words of several pieces take where EmbedSettings leaves it open.
  std::string pooling = "boundary";
  // Model::hash() of the model that it was learned on, the only one it is taken for; empty: any.
  std::string model_hash;

  // The mix that `elmo train` has learned, from its task file. Throws Error: not a task file,
  // damaged, or trained without ELMo vectors.
  static ScalarMix load(const std::string& task);
};

struct EmbedSettings {
  // all (layer 0 is the token encoder), top, average, or a list such as "0,2".
  std::string layers = "all";
  // Instead of `layers`.
  std::optional<ScalarMix> mix;
  // What a word of several pieces takes from layers 1 and up: boundary, first, last or mean;
  // empty: as the mix says, without one boundary.
  std::string pooling;
  // Words that go through the layers together, at most; vectors do not depend on it.
  int batch_words = 4096;
  // N: sentence i goes on with the state of sentence i - N; 0: sentences are independent.
  int carry_state = 0;
  // Called on the calling thread between batches; what it throws ends the work and comes out.
  std::function<void()> between_batches;
};

// A forward and a backward language model. Immutable; many threads may share one.
class Model {
 public:
  // Reads DIR/forward.h5 and DIR/backward.h5, or the folder of a model of ELMoForManyLangs.
  // `precision` of products: f32, bf16 or auto (bf16 where the CPU has it). Throws Error naming the
  // file and the remedy.
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
  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;
  ~Model();

  // The token encoder and the LSTM layers.
  int layers() const;
  // Forward half, then backward half.
  int dimension() const;
  // 32 hexadecimal digits that change with any weight or setting.
  const std::string& hash() const;

  // Embeds a sentence given as words, on the calling thread. The same words have the same bits
  // whatever is embedded beside them. Throws UsageError for settings that make no sense and for
  // words that are not UTF-8.
  WordVectors embed(const std::vector<std::string>& words,
                    const EmbedSettings& settings = {}) const;
  // Many sentences, sorted into batches, by `threads` threads.
  std::vector<WordVectors> embed_all(const std::vector<std::vector<std::string>>& sentences,
                                     const EmbedSettings& settings = {}, int threads = 1) const;

 private:
  struct Impl;
  explicit Model(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace elmo
