// The public Model over the private embedder.

#include "elmo/model.h"

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

namespace elmo {

std::span<const float> WordVectors::at(int layer, std::size_t word) const {
  const auto d = static_cast<std::size_t>(dimension);
  return {values.data() + (static_cast<std::size_t>(layer) * words + word) * d, d};
}

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

int Model::layers() const { return impl_->model->layers(); }
int Model::dimension() const { return impl_->model->dimension(); }
const std::string& Model::hash() const { return impl_->model->hash(); }

WordVectors Model::embed(const std::vector<std::string>& words,
                         const EmbedSettings& settings) const {
  return std::move(embed_all({words}, settings, 1).front());
}

std::vector<WordVectors> Model::embed_all(const std::vector<std::vector<std::string>>& sentences,
                                          const EmbedSettings& settings, int threads) const {
  EmbedOptions options;
  options.mix = settings.mix ? LayerMix::scalar_mix(settings.mix->weights, settings.mix->gamma,
                                                    settings.mix->layer_norm, layers())
                             : LayerMix::parse(settings.layers, layers());
  options.pooling = parse_pooling(settings.pooling);
  if (settings.batch_words < 1) throw UsageError("the batch size must be 1 or more");
  if (settings.carry_state < 0) throw UsageError("carry_state must be 0 or more");
  options.batch_words = settings.batch_words;
  options.between_batches = settings.between_batches;
  std::vector<SentenceVectors> work(sentences.size());
  for (std::size_t i = 0; i < sentences.size(); ++i) {
    work[i].words.assign(sentences[i].begin(), sentences[i].end());
  }
  {
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
    if (settings.carry_state > 0) {
      embedder.embed_carried(work, 0, settings.carry_state);
    } else {
      embedder.embed(work);
    }
  }
  std::vector<WordVectors> results(sentences.size());
  const auto rows = static_cast<std::size_t>(options.mix.rows());
  const auto d = static_cast<std::size_t>(dimension());
  for (std::size_t i = 0; i < results.size(); ++i) {
    WordVectors& result = results[i];
    result.layers = options.mix.rows();
    result.words = sentences[i].size();
    result.dimension = dimension();
    result.layered = options.mix.layered;
    if (rows == 1) {
      result.values = std::move(work[i].vectors);
      continue;
    }
    result.values.resize(work[i].vectors.size());
    for (std::size_t w = 0; w < result.words; ++w) {
      for (std::size_t r = 0; r < rows; ++r) {
        std::copy_n(work[i].vectors.data() + (w * rows + r) * d, d,
                    result.values.data() + (r * result.words + w) * d);
      }
    }
    work[i].vectors = {};
  }
  return results;
}

}  // namespace elmo
