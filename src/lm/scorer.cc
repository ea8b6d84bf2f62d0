// Implements the public Scorer with the language models.

#include "elmo/scorer.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/usable_cores.h"
#include "compute/precision.h"
#include "compute/workers.h"
#include "elmo/error.h"
#include "io/hdf5_turn.h"
#include "lm/language_model.h"
#include "lm/perplexity.h"
#include "lm/text_scorer.h"
#include "text/words.h"

namespace elmo {

struct Scorer::Impl {
  Precision precision;
  std::vector<std::unique_ptr<LanguageModel>> models;  // forward before backward

  // Reads the text once and calls sink(lines, scores of each model).
  void run(const std::string& input, const ScoreSettings& settings,
           const std::function<void(const std::vector<TextLine>&,
                                    const std::vector<std::vector<SentenceScore>>&)>& sink) {
    LineReader reader(input, parse_invalid_text(settings.invalid));
    Workers workers(thread_count(settings.threads));
    std::vector<TextScorer> scorers;
    for (const auto& model : models) scorers.emplace_back(*model, precision, workers);
    std::vector<TextLine> lines;
    std::vector<std::vector<SentenceScore>> scores(models.size());
    bool empty = true;
    while (read_lines(reader, lines)) {
      empty = false;
      for (std::size_t i = 0; i < scorers.size(); ++i) {
        scorers[i].score(lines, scores[i], settings.between_batches);
      }
      sink(lines, scores);
    }
    reader.warn_of_invalid_lines();
    if (empty) throw Error(reader.path() + ": holds no line with a word in it");
  }
};

Scorer::Scorer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Scorer::Scorer(Scorer&&) noexcept = default;
Scorer& Scorer::operator=(Scorer&&) noexcept = default;
Scorer::~Scorer() = default;

Scorer Scorer::load(const std::string& folder, const std::string& precision) {
  const Hdf5Turn turn;
  auto impl = std::make_unique<Impl>();
  impl->precision = parse_precision(precision);
  impl->models = load_directions(folder);
  Workers workers(thread_count(0));
  for (const auto& model : impl->models) {
    model->prepare(impl->precision, false);
    model->pack(workers);
  }
  return Scorer(std::move(impl));
}

std::map<std::string, Perplexity> Scorer::perplexity(const std::string& input,
                                                     const ScoreSettings& settings) {
  std::vector<PerplexityResult> sums(impl_->models.size());
  impl_->run(input, settings, [&](const auto&, const auto& scores) {
    for (std::size_t i = 0; i < sums.size(); ++i) {
      for (const SentenceScore& score : scores[i]) sums[i].add(score);
    }
  });
  std::map<std::string, Perplexity> results;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    results[std::string(direction_name(impl_->models[i]->settings.direction))] = {
        .unit = sums[i].perplexity_unit(),
        .word = sums[i].perplexity_word(),
        .bits_per_character = sums[i].bits_per_character(),
        .units = sums[i].units,
        .words = sums[i].words,
        .unknown_rate = sums[i].unknown_rate()};
  }
  return results;
}

void Scorer::score(const std::string& input, const ScoreSettings& settings,
                   const std::function<void(const Scores&)>& sink) {
  std::vector<std::string_view> words;
  impl_->run(input, settings, [&](const auto& lines, const auto& scores) {
    for (std::size_t line = 0; line < lines.size(); ++line) {
      words.clear();
      split_words(lines[line].text, impl_->models.front()->settings.split, words);
      Scores result{.line = lines[line].number, .words = {words.begin(), words.end()}};
      for (std::size_t i = 0; i < scores.size(); ++i) {
        const bool forward = impl_->models[i]->settings.direction == Direction::kForward;
        (forward ? result.forward : result.backward) = scores[i][line].log_likelihood;
      }
      sink(result);
    }
  });
}

std::vector<Scores> Scorer::score(const std::string& input, const ScoreSettings& settings) {
  std::vector<Scores> results;
  score(input, settings, [&](const Scores& scores) { results.push_back(scores); });
  return results;
}

}  // namespace elmo
