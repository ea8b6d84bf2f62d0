#include "task/vector_source.h"

#include <fmt/core.h>

#include "elmo/error.h"

namespace elmo::task {

VectorSource VectorSource::model(const std::filesystem::path& folder, Precision precision) {
  VectorSource source;
  source.path_ = folder;
  source.model_ = BidirectionalModel::load(folder, precision);
  return source;
}

VectorSource VectorSource::dump(const std::filesystem::path& file) {
  VectorSource source;
  source.path_ = file;
  source.dump_ = std::make_shared<const DumpReader>(file);
  return source;
}

VectorSource VectorSource::of_task(const Settings& settings, const std::filesystem::path& file,
                                   const std::optional<std::filesystem::path>& folder,
                                   const std::optional<std::filesystem::path>& vectors,
                                   Precision precision) {
  VectorSource source;
  if (vectors) {
    source = dump(*vectors);
  } else if (folder) {
    source = model(*folder, precision);
  } else if (settings.model_path.empty()) {
    throw Error(file.string() +
                ": was trained on --vectors; give --vectors of this data, or --model");
  } else {
    const auto path = (file.parent_path() / settings.model_path).lexically_normal();
    if (!std::filesystem::exists(path)) {
      throw Error(fmt::format("{}: its language model is not in {}; say where it is with --model",
                              file.string(), path.string()));
    }
    source = model(path, precision);
  }
  const std::string hash = source.hash();
  if (!hash.empty() && !settings.model_hash.empty() && hash != settings.model_hash) {
    throw Error(
        fmt::format("{}: is not the language model that {} was trained with (hash {}, not "
                    "{}); give that one",
                    source.path_.string(), file.string(), hash, settings.model_hash));
  }
  if (source.layers() != settings.model_layers || source.dimension() != settings.elmo_dimension) {
    throw Error(fmt::format("{}: has {} layers of {}, {} was trained with {} of {}",
                            source.path_.string(), source.layers(), source.dimension(),
                            file.string(), settings.model_layers, settings.elmo_dimension));
  }
  if (const auto pooling = source.pooling(); pooling && *pooling != settings.pooling) {
    throw Error(fmt::format("{}: was dumped with --pooling {}, {} was trained with {}",
                            source.path_.string(), *pooling, file.string(), settings.pooling));
  }
  return source;
}

int VectorSource::layers() const {
  if (model_) return model_->layers();
  return dump_->layered() ? dump_->layers() : 1;
}

int VectorSource::dimension() const { return model_ ? model_->dimension() : dump_->dimension(); }

std::string VectorSource::hash() const {
  return model_ ? model_->hash() : dump_->text_attribute("model").value_or("");
}

std::optional<std::string> VectorSource::pooling() const {
  if (model_) return std::nullopt;
  return dump_->text_attribute("pooling");
}

std::optional<Split> VectorSource::split() const {
  if (model_) return model_->split();
  return std::nullopt;
}

std::shared_ptr<const FrozenVectors> VectorSource::vectors(const Settings& settings,
                                                           const DataSet& data,
                                                           const std::filesystem::path& folder,
                                                           Workers& workers) const {
  VectorOptions options;
  options.pooling = parse_pooling(settings.pooling);
  options.layers = settings.elmo_layers;
  options.layer_norm = settings.layer_norm;
  if (model_) return embed_data(model_, options, data, folder, workers);
  return read_data_vectors(*dump_, path_.string(), options, data, folder);
}

}  // namespace elmo::task
