// How well the language models predict a text.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "elmo/export.h"

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

struct ScoreSettings {
  int threads = 1;  // 0: usable_cores()
  // Lines that are not UTF-8: refuse, skip or replace. Those that are skipped or repaired are
  // counted in a warning on standard error.
  std::string invalid = "refuse";
  // Called on the calling thread between batches; what it throws ends the work and comes out.
  std::function<void()> between_batches = {};
};

// The language models of a folder with their softmax; one direction is enough. A text (one sentence
// a line, "-" is standard input) is read once, whatever the number of directions; blank lines are
// passed over. Both measures throw Error for a text without a word and for what can't be read. One
// thread at a time.
class ELMO_API Scorer {
 public:
  // `precision` of products: f32, bf16 or auto. Throws Error.
  static Scorer load(const std::string& folder, const std::string& precision = "f32");
  Scorer(Scorer&&) noexcept;
  Scorer& operator=(Scorer&&) noexcept;
  ~Scorer();

  // By direction ("forward", "backward").
  std::map<std::string, Perplexity> perplexity(const std::string& input,
                                               const ScoreSettings& settings = {});
  // Of every line with a word in it, in order, as they are made.
  void score(const std::string& input, const ScoreSettings& settings,
             const std::function<void(const Scores&)>& sink);
  std::vector<Scores> score(const std::string& input, const ScoreSettings& settings = {});

 private:
  struct Impl;
  explicit Scorer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace elmo
