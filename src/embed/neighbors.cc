#include "embed/neighbors.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "elmo/error.h"
#include "text/words.h"

namespace elmo {
namespace {

constexpr std::size_t kWindowWords = 16'384;
// Longest line, in words: the vectors of a whole line are in memory.
constexpr std::size_t kMostWords = std::size_t{1} << 18;

double norm(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) sum += static_cast<double>(value) * value;
  return std::sqrt(sum);
}

double cosine(std::span<const float> a, double norm_a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  const double norms = norm_a * norm(b);
  return norms > 0 ? sum / norms : 0;
}

std::size_t offset(std::string_view inside, std::string_view whole) {
  return static_cast<std::size_t>(inside.data() - whole.data());
}

std::vector<float> query_vector(BatchEmbedder& embedder, const Query& query) {
  std::vector<SentenceVectors> sentence(1);
  auto& words = sentence[0].words;
  split_words(query.sentence, embedder.model().split(), words);
  // The words that overlap the span.
  std::size_t first = 0;
  const auto end_of = [&](std::size_t i) {
    return offset(words[i], query.sentence) + words[i].size();
  };
  while (first < words.size() && end_of(first) <= query.begin) ++first;
  if (first == words.size() || offset(words[first], query.sentence) >= query.end) {
    throw UsageError("the brackets of the query hold no word");
  }
  std::size_t last = first;
  while (last + 1 < words.size() && offset(words[last + 1], query.sentence) < query.end) ++last;
  const std::size_t first_at = offset(words[first], query.sentence);
  const std::size_t last_at = offset(words[last], query.sentence);
  sentence[0].span = WordSpan{.first = first,
                              .begin = query.begin > first_at ? query.begin - first_at : 0,
                              .last = last,
                              .end = std::min(query.end - last_at, words[last].size())};
  sentence[0].kept.emplace();
  embedder.embed(sentence);
  return sentence[0].vectors;
}

}  // namespace

std::string Neighbor::marked() const {
  return sentence.substr(0, begin) + '[' + sentence.substr(begin, end - begin) + ']' +
         sentence.substr(end);
}

std::vector<Neighbor> find_neighbors(std::shared_ptr<const BidirectionalModel> model,
                                     const EmbedOptions& options, const Query& query,
                                     const std::string& input, InvalidText invalid,
                                     std::size_t count, Workers& workers,
                                     std::optional<DictionaryCoverage>* coverage) {
  BatchEmbedder embedder(model, options, workers);
  const std::vector<float> wanted = query_vector(embedder, query);
  const double wanted_norm = norm(wanted);
  std::vector<Neighbor> nearest;  // by descending cosine

  LineReader reader(input, invalid);
  std::vector<std::pair<std::string, std::uint64_t>> lines;
  std::vector<SentenceVectors> sentences;
  const auto search = [&] {
    sentences.clear();
    for (const auto& [text, number] : lines) {
      auto& cut = sentences.emplace_back().words;
      split_words(text, model->split(), cut);
      if (cut.size() > kMostWords) {
        throw Error(
            fmt::format("{}:{}: has more than the {} words that a line may have here; cut it",
                        reader.path(), number, kMostWords));
      }
    }
    embedder.embed(sentences);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const std::string& text = lines[i].first;
      for (std::size_t w = 0; w < sentences[i].words.size(); ++w) {
        const std::span vector(sentences[i].vectors.data() + w * wanted.size(), wanted.size());
        const double similarity = cosine(wanted, wanted_norm, vector);
        if (nearest.size() == count && similarity <= nearest.back().cosine) continue;
        const std::size_t begin = offset(sentences[i].words[w], text);
        const std::size_t end = begin + sentences[i].words[w].size();
        const bool is_query = text == query.sentence && begin < query.end && end > query.begin;
        const auto same = [&](const Neighbor& other) {
          return other.begin == begin && other.sentence == text;
        };
        if (is_query || std::any_of(nearest.begin(), nearest.end(), same)) continue;
        const auto at = std::find_if(nearest.begin(), nearest.end(), [&](const Neighbor& other) {
          return other.cosine < similarity;
        });
        nearest.insert(at, {similarity, lines[i].second, text, begin, end});
        if (nearest.size() > count) nearest.pop_back();
      }
    }
    lines.clear();
  };
  std::string_view line;
  std::size_t words = 0;
  while (reader.next(line)) {
    lines.emplace_back(line, reader.line_number());
    words += static_cast<std::size_t>(std::count(line.begin(), line.end(), ' ')) + 1;
    if (words < kWindowWords) continue;
    search();
    words = 0;
  }
  search();
  if (coverage != nullptr) *coverage = embedder.coverage();
  reader.warn_of_invalid_lines();
  if (nearest.empty()) throw Error(reader.path() + ": holds no word except the query");
  return nearest;
}

}  // namespace elmo
