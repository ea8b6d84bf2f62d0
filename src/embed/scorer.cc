// The public Scorer over the language models.

#include "elmo/scorer.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "compute/precision.h"
#include "compute/workers.h"
#include "lm/language_model.h"
#include "lm/perplexity.h"

namespace elmo {

struct Scorer::Impl {
  Precision precision;
  std::vector<std::unique_ptr<LanguageModel>> models;  // forward before backward
};

Scorer::Scorer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Scorer::Scorer(Scorer&&) noexcept = default;
Scorer& Scorer::operator=(Scorer&&) noexcept = default;
Scorer::~Scorer() = default;

Scorer Scorer::load(const std::string& folder, const std::string& precision) {
  auto impl = std::make_unique<Impl>();
  impl->precision = parse_precision(precision);
  impl->models = load_directions(folder);
  Workers workers(1);
  for (const auto& model : impl->models) {
    model->prepare(impl->precision, false);
    model->pack(workers);
  }
  return Scorer(std::move(impl));
}

std::map<std::string, Perplexity> Scorer::perplexity(const std::string& input, int threads,
                                                     const std::function<void()>& between_batches) {
  Workers workers(std::max(1, threads));
  std::map<std::string, Perplexity> results;
  for (const auto& model : impl_->models) {
    const auto measured = measure_perplexity(*model, impl_->precision, input, InvalidText::kRefuse,
                                             workers, between_batches);
    results[std::string(direction_name(model->settings.direction))] = {
        .unit = measured.perplexity_unit(),
        .word = measured.perplexity_word(),
        .bits_per_character = measured.bits_per_character(),
        .units = measured.units,
        .words = measured.words,
        .unknown_rate = measured.unknown_rate()};
  }
  return results;
}

std::vector<Scores> Scorer::score(const std::string& input, int threads,
                                  const std::function<void()>& between_batches) {
  Workers workers(std::max(1, threads));
  std::vector<Scores> results;
  for (const auto& model : impl_->models) {
    std::size_t next = 0;
    const bool forward = model->settings.direction == Direction::kForward;
    score_text(*model, impl_->precision, input, InvalidText::kRefuse, workers,
               [&](const ScoredSentence& sentence) {
                 if (between_batches) between_batches();
                 if (next == results.size()) {
                   results.push_back({.line = sentence.line, .words = sentence.words});
                 }
                 Scores& scores = results[next++];
                 (forward ? scores.forward : scores.backward) = sentence.log_likelihood;
               });
  }
  return results;
}

}  // namespace elmo
