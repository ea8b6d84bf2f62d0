// Contextual word vectors in a program of one's own.
#pragma once

#include <cstddef>
#include <memory>
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

  // Of one word in one layer; dimension floats.
  std::span<const float> at(int layer, std::size_t word) const;
};

struct EmbedSettings {
  // all (layer 0 is the token encoder), top, average, or a list such as "0,2".
  std::string layers = "all";
  // What a word of several pieces takes from layers 1 and up: boundary, first, last or mean.
  std::string pooling = "boundary";
  // Words that go through the layers together, at most; vectors do not depend on it.
  int batch_words = 2048;
};

// A forward and a backward language model. Immutable; many threads may share one.
class Model {
 public:
  // Reads DIR/forward.h5 and DIR/backward.h5. `precision` of products: f32, bf16 or auto (bf16
  // where the CPU has it). Throws Error naming the file and the remedy.
  static Model load(const std::string& folder, const std::string& precision = "f32");
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
  // whatever is embedded beside them. Throws UsageError for settings that make no sense.
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
