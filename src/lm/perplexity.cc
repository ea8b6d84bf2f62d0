#include "lm/perplexity.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "elmo/error.h"

namespace elmo {

void PerplexityResult::add(const SentenceScore& score) {
  for (const double value : score.log_likelihood) nll -= value;
  units += score.units;
  words += score.log_likelihood.size() - 1;
  sentences += 1;
  characters += score.characters;
  unknown_words += score.unknown_words;
}

void PerplexityResult::add(const PerplexityResult& other) {
  nll += other.nll;
  units += other.units;
  words += other.words;
  sentences += other.sentences;
  characters += other.characters;
  unknown_words += other.unknown_words;
}

double PerplexityResult::perplexity_unit() const {
  return std::exp(nll / static_cast<double>(std::max<std::uint64_t>(units, 1)));
}
double PerplexityResult::perplexity_word() const {
  return std::exp(nll / static_cast<double>(std::max<std::uint64_t>(words + sentences, 1)));
}
double PerplexityResult::bits_per_character() const {
  return nll / std::numbers::ln2 / static_cast<double>(std::max<std::uint64_t>(characters, 1));
}
double PerplexityResult::unknown_rate() const {
  return static_cast<double>(unknown_words) /
         static_cast<double>(std::max<std::uint64_t>(words, 1));
}

PerplexityResult measure_perplexity(LanguageModel& model, Precision precision,
                                    const std::string& input, InvalidText invalid, Workers& workers,
                                    const std::function<void()>& between_windows) {
  TextScorer scorer(model, precision, workers);
  LineReader reader(input, invalid);
  PerplexityResult result;
  std::vector<TextLine> lines;
  std::vector<SentenceScore> scores;
  while (read_lines(reader, lines)) {
    scorer.score(lines, scores, between_windows);
    for (const SentenceScore& score : scores) result.add(score);
  }
  if (result.sentences == 0) {
    throw Error(reader.path() + ": holds no line with a word in it");
  }
  return result;
}

}  // namespace elmo
