#include "task/frozen_vectors.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "base/interrupt.h"
#include "base/progress.h"
#include "base/strings.h"
#include "elmo/error.h"
#include "io/half.h"
#include "nn/scalar_mix.h"
#include "text/utf8.h"

namespace elmo::task {
namespace {

constexpr std::uint64_t kMemoryLimit = 1ull << 30;
// Words that are embedded between two updates of the progress display.
constexpr std::int64_t kWindowWords = 20'000;
constexpr float kLargestHalf = 65504.0f;

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += word;
  return text;
}

// Texts are compared without blanks and in normalisation form C.
std::string comparable(std::string text) {
  text = std::string(strip_whitespace(text));
  std::erase_if(text, [](char byte) { return kBlanks.find(byte) != std::string_view::npos; });
  return to_nfc(text);
}

// Checks that sentence i of the dump is example i of the data.
void check_words(const DumpReader& dump, const std::string& path, const DataSet& data,
                 std::int64_t i) {
  const Example& example = data.examples[static_cast<std::size_t>(i)];
  const auto fail = [&](const std::string& what) {
    throw Error(
        fmt::format("{}: sentence {} {} of {}:{}; dump the words of this very file, cut "
                    "as it is",
                    path, i, what, data.path, example.line));
  };
  const std::int64_t count = dump.word_count(i);
  if (count != static_cast<std::int64_t>(example.words.size())) {
    fail(fmt::format("has {} words, not the {}", count, example.words.size()));
  }
  const std::vector<std::string> words = dump.words(i);
  if (dump.layout() != DumpLayout::kMatrix) {
    // The map has the uncut text, and only the last of equal texts.
    if (!words.empty() && comparable(words.front()) != comparable(joined(example.words))) {
      fail(fmt::format("has the text '{}', not that", words.front()));
    }
    return;
  }
  for (std::size_t k = 0; k < words.size() && k < example.words.size(); ++k) {
    if (words[k] != example.words[k] && to_nfc(words[k]) != to_nfc(example.words[k])) {
      fail(fmt::format("has the word '{}', not the '{}'", words[k], example.words[k]));
    }
  }
}

}  // namespace

FrozenVectors::FrozenVectors(std::int64_t words, std::int64_t layers, std::int64_t dimension,
                             const std::filesystem::path& folder, std::string source)
    : source_(std::move(source)),
      layers_(layers),
      dimension_(dimension),
      memory_(static_cast<std::uint64_t>(words * layers * dimension) * sizeof(std::uint16_t),
              folder, kMemoryLimit) {}

void FrozenVectors::write(std::int64_t first, std::int64_t count, const float* values) {
  const std::int64_t size = count * layers_ * dimension_;
  for (std::int64_t i = 0; i < size; ++i) {
    if (!(std::abs(values[i]) <= kLargestHalf)) {
      throw Error(
          fmt::format("{}: a vector holds {}, which can't be used in training; its model has "
                      "diverged",
                      source_, values[i]));
    }
  }
  float_to_half(values, static_cast<std::uint16_t*>(memory_.data()) + first * layers_ * dimension_,
                static_cast<std::size_t>(size));
}

void FrozenVectors::read(std::int64_t first, std::int64_t count, float* values) const {
  half_to_float(static_cast<const std::uint16_t*>(memory_.data()) + first * layers_ * dimension_,
                values, static_cast<std::size_t>(count * layers_ * dimension_));
}

std::vector<int> choose_layers(const std::vector<int>& layers, int available) {
  std::vector<int> chosen = layers;
  if (chosen.empty()) {
    chosen.resize(static_cast<std::size_t>(available));
    std::iota(chosen.begin(), chosen.end(), 0);
  }
  std::sort(chosen.begin(), chosen.end());
  if (chosen.back() >= available) {
    throw UsageError(fmt::format("--elmo-layers names layer {}, there are 0 to {}", chosen.back(),
                                 available - 1));
  }
  if (std::adjacent_find(chosen.begin(), chosen.end()) != chosen.end()) {
    throw UsageError("--elmo-layers names a layer twice");
  }
  return chosen;
}

std::unique_ptr<FrozenVectors> embed_data(std::shared_ptr<const BidirectionalModel> model,
                                          const VectorOptions& options, const DataSet& data,
                                          const std::filesystem::path& folder, Workers& workers) {
  const int layers = model->layers(), dimension = model->dimension();
  const std::vector<int> chosen = choose_layers(options.layers, layers);
  EmbedOptions embed;
  embed.pooling = options.pooling;
  embed.mix = LayerMix::of(chosen, layers);
  embed.between_batches = [] {
    if (interrupted()) throw Interrupted("interrupted while the data was embedded");
  };
  const auto rows = static_cast<std::int64_t>(chosen.size());
  auto vectors = std::make_unique<FrozenVectors>(data.words(), rows, dimension, folder, data.path);
  BatchEmbedder embedder(std::move(model), embed, workers);
  Progress progress("embed " + data.path, static_cast<std::uint64_t>(data.words()));
  std::int64_t done = 0;
  std::vector<SentenceVectors> window;
  const auto flush = [&] {
    embedder.embed(window);
    for (SentenceVectors& sentence : window) {
      const auto words = static_cast<std::int64_t>(sentence.words.size());
      if (options.layer_norm) normalise_layers(sentence.vectors.data(), words, rows, dimension);
      vectors->write(done, words, sentence.vectors.data());
      done += words;
    }
    window.clear();
    progress.update(static_cast<std::uint64_t>(done));
  };
  std::int64_t waiting = 0;
  for (const Example& example : data.examples) {
    SentenceVectors& sentence = window.emplace_back();
    sentence.words.assign(example.words.begin(), example.words.end());
    waiting += static_cast<std::int64_t>(example.words.size());
    if (waiting < kWindowWords) continue;
    flush();
    waiting = 0;
  }
  flush();
  progress.finish();
  return vectors;
}

std::unique_ptr<FrozenVectors> read_data_vectors(const DumpReader& dump, const std::string& path,
                                                 const VectorOptions& options, const DataSet& data,
                                                 const std::filesystem::path& folder) {
  if (dump.pooled()) {
    throw Error(path + ": holds one vector a line; dump one for each word, without --line-pool");
  }
  const std::int64_t layers = dump.layered() ? dump.layers() : 1, dimension = dump.dimension();
  const std::vector<int> chosen = choose_layers(options.layers, static_cast<int>(layers));
  const auto rows = static_cast<std::int64_t>(chosen.size());
  const auto examples = static_cast<std::int64_t>(data.examples.size());
  for (std::int64_t i = 0; i < std::min(examples, dump.sentences()); ++i) {
    check_words(dump, path, data, i);
  }
  if (dump.sentences() < examples) {
    throw Error(fmt::format("{}: its {} sentences end before {}:{}; dump all of this very file",
                            path, dump.sentences(), data.path,
                            data.examples[static_cast<std::size_t>(dump.sentences())].line));
  }
  if (dump.sentences() > examples) {
    throw Error(
        fmt::format("{}: has {} sentences, {} ends with line {} after {} examples; dump this "
                    "very file",
                    path, dump.sentences(), data.path, data.examples.back().line, examples));
  }
  auto vectors = std::make_unique<FrozenVectors>(data.words(), rows, dimension, folder, path);
  std::vector<float> kept;
  std::int64_t done = 0;
  for (std::int64_t i = 0; i < examples; ++i) {
    const std::vector<float> all = dump.vectors(i);
    const auto words =
        static_cast<std::int64_t>(data.examples[static_cast<std::size_t>(i)].words.size());
    kept.resize(static_cast<std::size_t>(words * rows * dimension));
    for (std::int64_t w = 0; w < words; ++w) {
      for (std::int64_t r = 0; r < rows; ++r) {
        std::copy_n(all.data() + (w * layers + chosen[static_cast<std::size_t>(r)]) * dimension,
                    dimension, kept.data() + (w * rows + r) * dimension);
      }
    }
    if (options.layer_norm) normalise_layers(kept.data(), words, rows, dimension);
    vectors->write(done, words, kept.data());
    done += words;
  }
  return vectors;
}

}  // namespace elmo::task
