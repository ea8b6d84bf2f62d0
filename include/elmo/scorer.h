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
  double unit = 0;  // exp(mean negative log-likelihood of a unit), sentence ends included
  double word = 0;  // exp(the same sum / (words + sentences))
  // The same sum in bits / (characters of the words + one for each word and sentence end).
  double bits_per_character = 0;
  std::uint64_t units = 0, words = 0;
  double unknown_rate = 0;  // share of the words that contain an unknown or byte piece
};

// The natural log-likelihoods of one line: words + 1 for each direction. The last one is that of
// the end of the sentence (backward: its beginning). Empty for a direction that the model lacks.
struct Scores {
  std::uint64_t line = 0;  // from 1
  std::vector<std::string> words;
  std::vector<double> forward, backward;
};

struct ScoreSettings {
  int threads = 1;  // 0: usable_cores()
  // What to do with lines that are not UTF-8: "refuse", "skip" or "replace". The number of lines
  // skipped or repaired is given in a warning on standard error.
  std::string invalid = "refuse";
  // Called on the calling thread between batches. If it throws, the work ends with that exception.
  std::function<void()> between_batches = {};
};

// The language models of a folder with their softmax; one direction is enough. A text has one
// sentence a line ("-" is standard input) and is read once, whatever the number of directions;
// blank lines are skipped. perplexity() and score() throw Error for a text that can't be read or
// holds no word. Not thread-safe.
class ELMO_API Scorer {
 public:
  // `precision` is the format of the operands of matrix products: "f32", "bf16" or "auto". Throws
  // Error naming the file and the remedy.
  static Scorer load(const std::string& folder, const std::string& precision = "f32");
  Scorer(Scorer&&) noexcept;
  Scorer& operator=(Scorer&&) noexcept;
  ~Scorer();

  // Perplexity of each direction of the model; the keys are "forward" and "backward".
  std::map<std::string, Perplexity> perplexity(const std::string& input,
                                               const ScoreSettings& settings = {});
  // Calls `sink` for every line with a word in it, in order. The second form returns them all.
  void score(const std::string& input, const ScoreSettings& settings,
             const std::function<void(const Scores&)>& sink);
  std::vector<Scores> score(const std::string& input, const ScoreSettings& settings = {});

 private:
  struct Impl;
  explicit Scorer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace elmo
