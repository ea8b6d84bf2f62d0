#include "lm/perplexity.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "elmo/error.h"
#include "lm/engine.h"
#include "text/utf8.h"

namespace elmo {
namespace {

constexpr int kStreams = 64;
constexpr int kSteps = 20;

void require_softmax(const LanguageModel& model) {
  if (model.settings.softmax) return;
  if (model.dictionaries) {
    throw Error(
        "this model came from ELMoForManyLangs, which published no softmax: it has vectors for "
        "words, but no probabilities");
  }
  throw Error(
      "this model came from official weights, which have no softmax: it has vectors for words, but "
      "no probabilities");
}

}  // namespace

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
  require_softmax(model);
  LineReader reader(input, invalid);
  LineEncoder encoder(model);
  PerplexityResult result;
  StreamBatcher batcher(
      [&](Sequence& sequence) {
        std::string_view line;
        while (reader.next(line)) {
          const auto& words = encoder.read(line, sequence);
          if (words.empty()) continue;
          ++result.sentences;
          result.words += sequence.words;
          result.characters += sequence.characters;
          result.units += sequence.targets.size();
          result.unknown_words += static_cast<std::uint64_t>(std::ranges::count_if(
              words, [&](std::string_view word) { return encoder.is_unknown(word); }));
          return true;
        }
        return false;
      },
      kStreams, kSteps, false);
  const auto engine =
      make_engine(model, precision, {.steps = kSteps, .streams = kStreams}, workers);
  Window window;
  std::vector<double> losses;
  while (batcher.next(window)) {
    if (between_windows) between_windows();
    result.nll += engine->evaluate(window, losses);
  }
  if (result.sentences == 0) throw Error(input + ": holds no line with a word in it");
  return result;
}

void score_text(LanguageModel& model, Precision precision, const std::string& input,
                InvalidText invalid, Workers& workers,
                const std::function<void(const ScoredSentence&)>& sink) {
  require_softmax(model);
  LineReader reader(input, invalid);
  LineEncoder encoder(model);
  const bool forward = model.settings.direction == Direction::kForward;
  const auto engine =
      make_engine(model, precision, {.steps = kSteps, .streams = kStreams}, workers);
  bool more = true;
  while (more) {
    // A group: one sentence a stream, so that a loss's place tells whose it is.
    std::vector<ScoredSentence> group;
    std::vector<Sequence> sequences;
    std::string_view line;
    while (group.size() < kStreams && (more = reader.next(line))) {
      ScoredSentence sentence;
      sentence.line = reader.line_number();
      sequences.emplace_back();
      const auto& words = encoder.read(line, sequences.back());
      sentence.words.assign(words.begin(), words.end());
      sentence.log_likelihood.resize(words.size() + 1);
      group.push_back(std::move(sentence));
    }
    if (group.empty()) break;
    std::size_t longest = 0, next = 0;
    for (const Sequence& sequence : sequences) longest = std::max(longest, sequence.targets.size());
    std::vector<std::vector<double>> units(group.size());
    StreamBatcher batcher(
        [&](Sequence& sequence) {
          if (next == sequences.size()) return false;
          sequence = sequences[next++];
          return true;
        },
        kStreams, kSteps, false);
    // All streams take their only sentence at step 0; later calls find the source empty.
    Window window;
    std::vector<double> losses;
    for (std::size_t from = 0; from < longest; from += kSteps) {
      batcher.next(window);
      engine->evaluate(window, losses);
      for (int t = 0; t < kSteps; ++t) {
        for (std::size_t b = 0; b < group.size(); ++b) {
          const std::size_t at = static_cast<std::size_t>(t) * kStreams + b;
          if (window.targets[at] >= 0) units[b].push_back(-losses[at]);
        }
      }
    }
    for (std::size_t b = 0; b < group.size(); ++b) {
      // Units as read by this direction -> words in the order of the line.
      ScoredSentence& sentence = group[b];
      const std::size_t count = sentence.words.size();
      std::size_t unit = 0;
      for (std::size_t i = 0; i < count; ++i) {
        const std::size_t word = forward ? i : count - 1 - i;
        for (std::size_t k = encoder.units_of(sentence.words[word]); k > 0; --k) {
          sentence.log_likelihood[word] += units[b][unit++];
        }
      }
      sentence.log_likelihood[count] = units[b][unit];
      sink(sentence);
    }
  }
}

}  // namespace elmo
