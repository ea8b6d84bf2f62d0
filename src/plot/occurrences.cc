#include "plot/occurrences.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <queue>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/log.h"
#include "compute/random.h"
#include "elmo/error.h"
#include "embed/word_vectors.h"
#include "text/utf8.h"

namespace elmo {
namespace {

constexpr std::size_t kLongestWord = 100;

std::string shown(const std::string& word) {
  std::string text = replace_invalid_utf8(word);
  std::size_t end = 0;
  for (std::size_t characters = 0; end < text.size(); ++characters) {
    if (characters == kLongestWord) return text.substr(0, end) + "...";
    decode_utf8(text, end);
  }
  return text;
}

// In NFC if it is valid UTF-8, otherwise unchanged.
std::string normalised(const std::string& word) {
  return find_invalid_utf8(word) == std::string::npos ? to_nfc(word) : word;
}

// The requested words, compared in NFC.
class WordChoice {
 public:
  explicit WordChoice(const std::vector<std::string>& words) {
    for (const std::string& word : words) words_.insert(normalised(word));
  }
  bool operator()(const std::string& word) const {
    return words_.empty() || words_.contains(normalised(word));
  }

 private:
  std::set<std::string> words_;
};

struct Candidate {
  std::uint64_t key;
  std::int64_t sentence;
  std::size_t word;
  auto operator<=>(const Candidate&) const = default;
};

// A uniform sample: each candidate has a random number, and those with the smallest are kept.
class Sample {
 public:
  explicit Sample(const OccurrenceRequest& request)
      : random_(request.seed, RandomUse::kLineOrder),
        size_(static_cast<std::size_t>(request.count)) {}

  void add(std::int64_t sentence, std::size_t word) {
    const auto bits = random_.at(static_cast<std::uint64_t>(seen_++));
    kept_.push({static_cast<std::uint64_t>(bits[0]) << 32 | bits[1], sentence, word});
    if (kept_.size() > size_) kept_.pop();
  }
  std::int64_t seen() const { return seen_; }

  // In the order of the dump.
  std::vector<Candidate> take() {
    std::vector<Candidate> result;
    for (; !kept_.empty(); kept_.pop()) result.push_back(kept_.top());
    std::ranges::sort(result, {},
                      [](const Candidate& c) { return std::tuple(c.sentence, c.word); });
    return result;
  }

 private:
  Random random_;
  std::size_t size_;
  std::int64_t seen_ = 0;
  std::priority_queue<Candidate> kept_;
};

std::string quoted(const std::vector<std::string>& words) {
  std::string result;
  for (const std::string& word : words) {
    result += fmt::format("{}'{}'", result.empty() ? "" : ", ", word);
  }
  return result;
}

}  // namespace

std::string Context::marked() const {
  return fmt::format("{}{}[{}]{}{}", before, before.empty() ? "" : " ", word,
                     after.empty() ? "" : " ", after);
}

Context context_of(const std::vector<std::string>& words, std::size_t at, std::size_t reach) {
  const std::size_t first = at > reach ? at - reach : 0;
  const std::size_t last = std::min(words.size(), at + reach + 1);
  const auto add = [](std::string& text, const std::string& word) {
    if (!text.empty()) text += ' ';
    text += word;
  };
  Context context{.before = first > 0 ? "..." : "", .word = shown(words[at]), .after = ""};
  for (std::size_t i = first; i < at; ++i) add(context.before, shown(words[i]));
  for (std::size_t i = at + 1; i < last; ++i) add(context.after, shown(words[i]));
  if (last < words.size()) add(context.after, "...");
  return context;
}

std::vector<std::string> required_words(const DumpReader& dump, std::int64_t i) {
  auto words = dumped_words(dump, i);
  if (!words) {
    throw Error(fmt::format(
        "{}: does not contain the words of sentence {}; make the dump with --layout matrix",
        dump.path().string(), i));
  }
  return *std::move(words);
}

Occurrences find_occurrences(const DumpReader& dump, const OccurrenceRequest& request) {
  const WordChoice chosen(request.words);
  Sample sample(request);
  std::int64_t told = 0, repeated = 0;
  for (std::int64_t i = 0; i < dump.sentences(); ++i) {
    if (dump.word_count(i) == 0) continue;
    if (dump.layout() == DumpLayout::kSentences && dump.words(i).empty()) {
      ++repeated;
      continue;
    }
    const std::vector<std::string> words = required_words(dump, i);
    ++told;
    for (std::size_t w = 0; w < words.size(); ++w) {
      if (chosen(words[w])) sample.add(i, w);
    }
  }
  if (told == 0 && repeated > 0) {
    throw Error(
        dump.path().string() +
        ": does not contain the words of its sentences; make the dump without --no-map or with "
        "--layout matrix");
  }
  if (repeated > 0) {
    log::warn("{} sentences occur repeatedly in the dump; each is shown once, at its last place",
              repeated);
  }
  if (sample.seen() == 0) {
    const std::string path = dump.path().string();
    throw Error(request.words.empty() ? path + ": contains no words"
                                      : fmt::format("{}: {} does not occur in the dump", path,
                                                    quoted(request.words)));
  }

  const std::vector<Candidate> kept = sample.take();
  const auto layers = static_cast<std::size_t>(dump.layers());
  Occurrences result{.places = {},
                     .total = sample.seen(),
                     .sentences = dump.sentences(),
                     .dimension = static_cast<std::size_t>(dump.dimension()),
                     .layers = std::vector<std::vector<float>>(layers)};
  result.places.reserve(kept.size());
  for (auto& rows : result.layers) rows.reserve(kept.size() * result.dimension);
  std::vector<std::string> words;
  std::vector<float> vectors;  // (words, layers, dimension)
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (i == 0 || kept[i].sentence != kept[i - 1].sentence) {
      words = required_words(dump, kept[i].sentence);
      vectors = dump.vectors(kept[i].sentence);
    }
    result.places.push_back({kept[i].sentence, kept[i].word,
                             context_of(words, kept[i].word, request.reach),
                             normalised(words[kept[i].word])});
    for (std::size_t layer = 0; layer < layers; ++layer) {
      const auto from = vectors.begin() + static_cast<std::ptrdiff_t>(
                                              (kept[i].word * layers + layer) * result.dimension);
      const auto to = from + static_cast<std::ptrdiff_t>(result.dimension);
      if (!std::all_of(from, to, [](float value) { return std::isfinite(value); })) {
        throw Error(fmt::format(
            "{}: the vector of word {} in line {} is not finite; its model has diverged",
            dump.path().string(), kept[i].word + 1, kept[i].sentence + 1));
      }
      result.layers[layer].insert(result.layers[layer].end(), from, to);
    }
  }
  return result;
}

}  // namespace elmo
