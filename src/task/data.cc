#include "task/data.h"

#include <fmt/core.h>

#include <algorithm>
#include <numeric>

#include "base/interrupt.h"
#include "elmo/error.h"

namespace elmo::task {
namespace {

// Largest number of words that are predicted together; a longer text is a batch of its own.
constexpr std::int64_t kBatchWords = 4096;

}  // namespace

Data::Data(DataSet data, std::shared_ptr<const FrozenVectors> vectors, const LabelSet& labels,
           const Vocabulary& vocabulary)
    : data_(std::move(data)), vectors_(std::move(vectors)) {
  std::int64_t words = 0;
  for (const Example& example : data_.examples) {
    first_word_.push_back(words);
    words += static_cast<std::int64_t>(example.words.size());
    for (const std::string& word : example.words) {
      words_.push_back(vocabulary.word_row(word));
      ends_.push_back(vocabulary.end_row(word));
    }
    for (const std::string& label : example.labels) targets_.push_back(labels.id(label));
  }
}

std::int64_t Data::unknown_labels() const {
  return std::count(targets_.begin(), targets_.end(), -1);
}

Batch Data::batch(std::span<const std::uint32_t> examples) const {
  Batch batch;
  const auto append = [](auto& to, const auto& from, std::int64_t first, std::int64_t count) {
    to.insert(to.end(), from.begin() + first, from.begin() + first + count);
  };
  for (const std::uint32_t example : examples) {
    const std::int64_t first = first_word_[example], count = length(example);
    append(batch.words, words_, first, count);
    append(batch.ends, ends_, first, count);
    if (!targets_.empty()) {
      if (data_.task == Kind::kClassify) {
        batch.targets.push_back(targets_[example]);
      } else {
        append(batch.targets, targets_, first, count);
      }
    }
    batch.texts.add(count);
  }
  if (vectors_ != nullptr) {
    const std::int64_t row = vectors_->layers() * vectors_->dimension();
    batch.layers.resize(static_cast<std::size_t>(batch.texts.rows() * row));
    for (std::size_t i = 0; i < examples.size(); ++i) {
      vectors_->read(first_word_[examples[i]], length(examples[i]),
                     batch.layers.data() + batch.texts.begin(static_cast<std::int64_t>(i)) * row);
    }
  }
  return batch;
}

std::vector<std::vector<Prediction>> predict(Network& network, const Data& data, Workers& workers,
                                             const std::function<void()>& between_batches) {
  std::vector<std::vector<Prediction>> results(static_cast<std::size_t>(data.examples()));
  std::vector<std::uint32_t> order(results.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return data.length(a) > data.length(b);
  });
  for (std::size_t begin = 0; begin < order.size();) {
    if (interrupted()) throw Interrupted("interrupted while the data was labelled");
    if (between_batches) between_batches();
    std::size_t end = begin;
    // A text without words takes a row too.
    std::int64_t cost = 0;
    do cost += std::max<std::int64_t>(1, data.length(order[end++]));
    while (end < order.size() && cost + data.length(order[end]) <= kBatchWords);
    const std::span<const std::uint32_t> examples = std::span(order).subspan(begin, end - begin);
    const std::vector<Prediction> predictions = network.predict(data.batch(examples), workers);
    auto next = predictions.begin();
    for (const std::uint32_t example : examples) {
      const std::int64_t count =
          network.settings().task == Kind::kClassify ? 1 : data.length(example);
      results[example].assign(next, next + count);
      next += count;
    }
    begin = end;
  }
  return results;
}

double Evaluation::selection() const {
  return entities ? entities->total().f1() : confusion.accuracy();
}

Evaluation evaluate(Network& network, const Data& data, Workers& workers,
                    const std::function<void()>& between_batches) {
  const auto predictions = predict(network, data, workers, between_batches);
  std::vector<std::string> names = network.labels().names();
  const LabelSet found = LabelSet::of(data.data());
  for (const std::string& name : found.names()) {
    if (network.labels().id(name) < 0) names.push_back(name);
  }
  const LabelSet all(names);
  Evaluation result{Confusion(names), std::nullopt, data.examples(), data.unknown_labels(), {}};
  if (network.settings().task == Kind::kTag && network.labels().bio()) {
    result.entities.emplace();
  }
  std::vector<std::string> guessed;
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    const Example& example = data.data().examples[i];
    guessed.clear();
    for (std::size_t k = 0; k < predictions[i].size(); ++k) {
      const std::int32_t actual = all.id(example.labels[k]), label = predictions[i][k].label;
      result.confusion.add(actual, label);
      result.right.push_back(actual == label ? 1 : 0);
      guessed.push_back(all.name(label));
    }
    if (result.entities) result.entities->add(example.labels, guessed);
  }
  return result;
}

std::map<std::int64_t, Score> scores_by_distance(const std::string& path,
                                                 const std::vector<std::int64_t>& distances,
                                                 const Evaluation& evaluation) {
  if (distances.size() != evaluation.right.size()) {
    throw Error(
        fmt::format("{}: has {} lines; line i must belong to example i, but there are {} examples",
                    path, distances.size(), evaluation.right.size()));
  }
  std::map<std::int64_t, Score> scores;
  for (std::size_t i = 0; i < distances.size(); ++i) {
    Score& score = scores[distances[i]];
    score.correct += evaluation.right[i];
    ++score.actual;
  }
  return scores;
}

}  // namespace elmo::task
