#include "lm/text_scorer.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "base/strings.h"
#include "elmo/error.h"

namespace elmo {
namespace {

// Bytes of the lines that are scored together: about 16,000 words.
constexpr std::size_t kGroupBytes = std::size_t{1} << 17;

}  // namespace

bool read_lines(LineReader& reader, std::vector<TextLine>& lines) {
  lines.clear();
  std::string_view line;
  for (std::size_t bytes = 0; bytes < kGroupBytes && reader.next(line);) {
    if (is_blank(line)) continue;
    lines.push_back({reader.line_number(), std::string(line)});
    bytes += line.size();
  }
  return !lines.empty();
}

TextScorer::TextScorer(LanguageModel& model, Precision precision, Workers& workers)
    : model_(model), precision_(precision), workers_(workers), encoder_(model) {
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

std::size_t TextScorer::width_for(std::size_t units, std::size_t longest) {
  std::size_t at = 0;
  while (at + 1 < kWidths.size() &&
         static_cast<std::size_t>(kWidths[at].streams) > units / longest) {
    ++at;
  }
  return at;
}

void TextScorer::score(std::span<const TextLine> lines, std::vector<SentenceScore>& scores,
                       const std::function<void()>& between_windows) {
  // For each unit, in the order of reading, its entry in the sentence's scores.
  std::vector<std::vector<std::uint32_t>> entries(lines.size());
  std::vector<Sequence> sequences(lines.size());
  scores.assign(lines.size(), {});
  const bool forward = model_.settings.direction == Direction::kForward;
  std::size_t total = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto& words = encoder_.read(lines[i].text, sequences[i]);
    SentenceScore& score = scores[i];
    score.log_likelihood.assign(words.size() + 1, 0.0);
    score.units = sequences[i].targets.size();
    score.characters = sequences[i].characters;
    total += sequences[i].targets.size();
    for (std::size_t word = 0; word < words.size(); ++word) {
      const auto units = encoder_.units_of(word);
      entries[i].insert(entries[i].end(), units.size(), static_cast<std::uint32_t>(word));
      score.unknown_words += encoder_.is_unknown(word) ? 1 : 0;
    }
    if (!forward) std::ranges::reverse(entries[i]);
    entries[i].push_back(static_cast<std::uint32_t>(words.size()));
  }
  // Longest first, so that all streams end at about the same time.
  std::vector<std::size_t> order(lines.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(
      order, [&](std::size_t a, std::size_t b) { return entries[a].size() > entries[b].size(); });
  if (order.empty()) return;
  const std::size_t at = width_for(total, entries[order.front()].size());
  const auto [streams, steps] = kWidths[at];
  if (!engines_[at]) {
    engines_[at] = make_engine(model_, precision_, {.steps = steps, .streams = streams}, workers_);
  }
  // A stream's reset marks the next sentence; sentences begin in the order in which streams ask for
  // them.
  std::size_t asked = 0, begun = 0;
  StreamBatcher batcher(
      [&](Sequence& sequence) {
        if (asked == order.size()) return false;
        sequence = std::move(sequences[order[asked++]]);
        return true;
      },
      streams, steps, false);
  struct Place {
    std::size_t sentence = 0, unit = 0;
  };
  std::vector<Place> places(static_cast<std::size_t>(streams));
  Window window;
  std::vector<double> losses;
  while (batcher.next(window)) {
    if (between_windows) between_windows();
    engines_[at]->evaluate(window, losses);
    for (std::size_t i = 0; i < losses.size(); ++i) {
      if (window.targets[i] < 0) continue;
      Place& place = places[i % places.size()];
      if (window.resets[i] != 0) place = {order[begun++], 0};
      const std::uint32_t entry = entries[place.sentence][place.unit++];
      scores[place.sentence].log_likelihood[entry] -= losses[i];
    }
  }
}

}  // namespace elmo
