// The public Model over the private embedder.

#include "elmo/model.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compute/precision.h"
#include "compute/workers.h"
#include "elmo/error.h"
#include "embed/bidirectional_model.h"
#include "embed/layer_mix.h"
#include "embed/word_vectors.h"
#include "text/utf8.h"

namespace elmo {
namespace {

// Words come from anybody; what lies below relies on UTF-8.
void check_words(const std::vector<std::vector<std::string>>& sentences) {
  for (std::size_t i = 0; i < sentences.size(); ++i) {
    for (std::size_t k = 0; k < sentences[i].size(); ++k) {
      const std::size_t wrong = find_invalid_utf8(sentences[i][k]);
      if (wrong == std::string_view::npos) continue;
      throw UsageError(
          fmt::format("word {} of sentence {} is not UTF-8 at byte {}", k, i, wrong + 1));
    }
  }
}

}  // namespace

struct Model::Impl {
  std::shared_ptr<const BidirectionalModel> model;
  // One team is kept, for the compiled kernels that its threads hold. A caller that finds it taken
  // works alone: callers who share a model are threads themselves.
  std::mutex mutex;
  std::unique_ptr<Workers> team;
};

Model::Model(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;
Model::~Model() = default;

Model Model::load(const std::string& folder, const std::string& precision) {
  auto impl = std::make_unique<Impl>();
  impl->model = BidirectionalModel::load(folder, parse_precision(precision));
  return Model(std::move(impl));
}

Model Model::load_official(const std::string& options, const std::string& weights,
                           const std::string& vocabulary, const std::string& precision) {
  auto impl = std::make_unique<Impl>();
  impl->model =
      BidirectionalModel::load_official(options, weights, vocabulary, parse_precision(precision));
  return Model(std::move(impl));
}

Model Model::load_efml(const std::string& folder, const std::string& normalize,
                       const std::string& precision) {
  auto impl = std::make_unique<Impl>();
  impl->model = BidirectionalModel::load_efml(
      folder, {.normalisation = parse_normalisation(normalize)}, parse_precision(precision));
  return Model(std::move(impl));
}

int Model::layers() const { return impl_->model->layers(); }
int Model::dimension() const { return impl_->model->dimension(); }
const std::string& Model::hash() const { return impl_->model->hash(); }

WordVectors Model::embed(const std::vector<std::string>& words,
                         const EmbedSettings& settings) const {
  return std::move(embed_all({words}, settings, 1).front());
}

std::vector<WordVectors> Model::embed_all(const std::vector<std::vector<std::string>>& sentences,
                                          const EmbedSettings& settings, int threads) const {
  check_words(sentences);
  EmbedOptions options;
  options.mix = settings.mix ? LayerMix::scalar_mix(settings.mix->weights, settings.mix->gamma,
                                                    settings.mix->layer_norm, layers())
                             : LayerMix::parse(settings.layers, layers());
  if (settings.mix && !settings.mix->model_hash.empty() && settings.mix->model_hash != hash()) {
    throw UsageError("the mix was learned on another language model than this one");
  }
  const std::string by_default = settings.mix ? settings.mix->pooling : "boundary";
  options.pooling = parse_pooling(settings.pooling.empty() ? by_default : settings.pooling);
  if (settings.batch_words < 1) throw UsageError("the batch size must be 1 or more");
  if (settings.carry_state < 0) throw UsageError("carry_state must be 0 or more");
  options.batch_words = settings.batch_words;
  options.between_batches = settings.between_batches;
  std::unique_lock lock(impl_->mutex, std::defer_lock);
  std::optional<Workers> alone;
  Workers* workers = nullptr;
  if (threads > 1 && lock.try_lock()) {
    if (!impl_->team || impl_->team->count() != threads) {
      impl_->team = std::make_unique<Workers>(threads);
    }
    workers = impl_->team.get();
  } else {
    workers = &alone.emplace(1);
  }
  Embedder embedder(impl_->model, options, *workers);
  std::vector<WordVectors> results(sentences.size());
  // By windows, each of enough words for batches of alike lengths, so that beside the results only
  // one window's vectors are held.
  constexpr std::size_t kBatches = 4;
  const std::size_t window_words = kBatches * static_cast<std::size_t>(settings.batch_words);
  std::vector<SentenceVectors> window;
  for (std::size_t first = 0; first < sentences.size(); first += window.size()) {
    window.clear();
    for (std::size_t i = first, words = 0; i < sentences.size() && words < window_words; ++i) {
      window.emplace_back().words.assign(sentences[i].begin(), sentences[i].end());
      words += sentences[i].size();
    }
    if (settings.carry_state > 0) {
      embedder.embed_carried(window, first, settings.carry_state);
    } else {
      embedder.embed(window);
    }
    for (std::size_t i = 0; i < window.size(); ++i) {
      results[first + i] =
          layers_first(window[i].vectors, options.mix.rows(), dimension(), options.mix.layered);
    }
  }
  return results;
}

}  // namespace elmo
