// How well the language models predict a text.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace elmo {

struct Perplexity {
  double unit = 0;                // exp(mean negative log-likelihood), sentence ends counted
  double word = 0;                // exp(the same total / (words + sentences))
  double bits_per_character = 0;  // characters of the words, one more a word and a sentence end
  std::uint64_t units = 0, words = 0;
  double unknown_rate = 0;  // share of the words that hold an unknown piece or a byte piece
};

// A line's natural log-likelihoods, words + 1 in each direction, the last of the sentence's end
// (backward: its beginning). Empty for a direction that the model lacks.
struct Scores {
  std::uint64_t line = 0;  // from 1
  std::vector<std::string> words;
  std::vector<double> forward, backward;
};

// The language models of a folder with their softmax; one direction is enough. One thread at a
// time.
class Scorer {
 public:
  // `precision` of products: f32, bf16 or auto. Throws Error.
  static Scorer load(const std::string& folder, const std::string& precision = "f32");
  Scorer(Scorer&&) noexcept;
  Scorer& operator=(Scorer&&) noexcept;
  ~Scorer();

  // Of a file, one sentence a line, by direction ("forward", "backward"). `between_batches` is
  // called on the calling thread; what it throws ends the work and comes out.
  std::map<std::string, Perplexity> perplexity(const std::string& input, int threads = 1,
                                               const std::function<void()>& between_batches = {});
  // Of every line, blank ones too.
  std::vector<Scores> score(const std::string& input, int threads = 1,
                            const std::function<void()>& between_batches = {});

 private:
  struct Impl;
  explicit Scorer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace elmo
