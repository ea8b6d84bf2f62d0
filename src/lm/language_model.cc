#include "lm/language_model.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "compute/random.h"
#include "elmo/error.h"
#include "text/utf8.h"

namespace elmo {
namespace {

LstmShape layer_shape(const ModelSettings& settings, int layer) {
  return {.input = settings.projection,
          .hidden = settings.hidden,
          .projection = settings.projection,
          .cell_clip = settings.cell_clip,
          .projection_clip = settings.projection_clip,
          .residual = settings.skip_connections && layer > 0};
}

}  // namespace

nlohmann::json ModelSettings::to_json() const {
  return {{"direction", direction_name(direction)},
          {"encoder", "pieces"},
          {"layers", layers},
          {"hidden", hidden},
          {"projection", projection},
          {"cell_clip", cell_clip},
          {"projection_clip", projection_clip},
          {"skip_connections", skip_connections},
          {"split", split_name(split)}};
}

ModelSettings ModelSettings::from_json(const nlohmann::json& json, const std::string& source) {
  ModelSettings result;
  try {
    const auto direction = json.at("direction").get<std::string>();
    if (direction != "forward" && direction != "backward") {
      throw Error(source + ": direction '" + direction + "' is neither forward nor backward");
    }
    result.direction = direction == "forward" ? Direction::kForward : Direction::kBackward;
    if (json.at("encoder") != "pieces") {
      throw Error(source + ": this model's token encoder is '" +
                  json.at("encoder").get<std::string>() + "', this program knows pieces only");
    }
    json.at("layers").get_to(result.layers);
    json.at("hidden").get_to(result.hidden);
    json.at("projection").get_to(result.projection);
    json.at("cell_clip").get_to(result.cell_clip);
    json.at("projection_clip").get_to(result.projection_clip);
    json.at("skip_connections").get_to(result.skip_connections);
    result.split = parse_split(json.at("split").get<std::string>());
  } catch (const nlohmann::json::exception& error) {
    throw Error(source + ": the settings are not those of a language model (" + error.what() + ")");
  }
  const auto sane = [](int value, int most) { return value >= 1 && value <= most; };
  if (!sane(result.layers, 64) || !sane(result.hidden, 1 << 16) ||
      !sane(result.projection, 1 << 14)) {
    throw Error(source + ": the settings claim " + std::to_string(result.layers) + " layers of " +
                std::to_string(result.hidden) + " cells and projection " +
                std::to_string(result.projection) + ", which no model has; the file is damaged");
  }
  return result;
}

void apply_preset(const std::string& preset, ModelSettings& settings) {
  struct Preset {
    const char* name;
    int layers, hidden, projection;
  };
  for (const Preset& known : {Preset{"tiny", 1, 128, 64}, Preset{"small", 2, 1024, 128},
                              Preset{"medium", 2, 2048, 256}, Preset{"original", 2, 4096, 512}}) {
    if (preset != known.name) continue;
    settings.layers = known.layers;
    settings.hidden = known.hidden;
    settings.projection = known.projection;
    return;
  }
  throw UsageError("preset '" + preset + "' is none of tiny, small, medium, original");
}

LanguageModel::LanguageModel(const ModelSettings& model_settings,
                             std::shared_ptr<const PieceVocabulary> model_vocabulary)
    : settings(model_settings),
      vocabulary(std::move(model_vocabulary)),
      embedding("token_encoder/embedding", vocabulary->rows(), model_settings.projection),
      softmax("softmax", vocabulary->rows(), model_settings.projection) {
  for (int i = 0; i < settings.layers; ++i) {
    layers.emplace_back("lstm_" + std::to_string(i), layer_shape(settings, i));
  }
}

std::filesystem::path LanguageModel::file(const std::filesystem::path& folder,
                                          Direction direction) {
  return folder / (std::string(direction_name(direction)) + ".h5");
}

std::unique_ptr<LanguageModel> LanguageModel::load(const std::filesystem::path& path) {
  const TensorFileReader reader(path, kFormat, kVersion);
  const auto settings = ModelSettings::from_json(reader.settings(), path.string());
  auto vocabulary =
      std::make_shared<const PieceVocabulary>(reader.read_bytes("vocabulary/model"), path.string());
  // The claimed sizes are compared with the file's before memory is taken for them.
  const Shape table = {vocabulary->rows(), settings.projection};
  if (reader.shape("token_encoder/embedding") != table) {
    throw Error(path.string() + ": token_encoder/embedding has shape " +
                to_string(reader.shape("token_encoder/embedding")) + ", the settings and the " +
                "vocabulary want " + to_string(table));
  }
  auto model = std::make_unique<LanguageModel>(settings, std::move(vocabulary));
  model->content_hash = reader.content_hash();
  model->for_each_parameter([&](Parameter& parameter) {
    reader.read(parameter.name, parameter.shape, parameter.value.span());
  });
  return model;
}

void LanguageModel::save(const std::filesystem::path& path) {
  TensorFileWriter writer(path, kFormat, kVersion, settings.to_json());
  for_each_parameter([&](Parameter& parameter) {
    writer.add(parameter.name, parameter.shape, std::span<const float>(parameter.value.span()));
  });
  writer.add_bytes("vocabulary/model", vocabulary->bytes());
  writer.commit();
}

void LanguageModel::initialise(std::uint64_t seed) {
  std::uint64_t tensor = settings.direction == Direction::kForward ? 0 : 1000;
  const auto normal = [&](Parameter& parameter, double deviation) {
    const Random random(seed, RandomUse::kInitialise, tensor++);
    for (std::size_t i = 0; i < parameter.value.size(); ++i) {
      parameter.value[i] = static_cast<float>(deviation) * random.normal(i);
    }
  };
  const auto glorot = [&](Parameter& parameter) {
    const Random random(seed, RandomUse::kInitialise, tensor++);
    const auto bound = static_cast<float>(
        std::sqrt(6.0 / static_cast<double>(parameter.shape[0] + parameter.shape[1])));
    for (std::size_t i = 0; i < parameter.value.size(); ++i) {
      parameter.value[i] = bound * (2 * random.uniform(i) - 1);
    }
  };
  const double root = std::sqrt(static_cast<double>(settings.projection));
  normal(embedding.table, 1 / root);
  for (LstmLayer& layer : layers) {
    glorot(layer.weights);
    layer.bias.value.zero();
    glorot(layer.projection);
  }
  normal(softmax.weights, 1 / root);
  softmax.bias.value.zero();
}

std::int64_t LanguageModel::parameter_count() {
  std::int64_t count = 0;
  for_each_parameter([&](const Parameter& parameter) {
    count += static_cast<std::int64_t>(parameter.value.size());
  });
  return count;
}

void LanguageModel::prepare(Precision precision, bool training) {
  for (LstmLayer& layer : layers) layer.prepare(precision, training);
  softmax.prepare(precision, training);
}

void LanguageModel::pack(Workers& workers) {
  std::vector<std::function<void()>> parts;
  for (int i = 0; i < SoftmaxLayer::kPackParts; ++i)
    parts.push_back([this, i] { softmax.pack(i); });
  for (LstmLayer& layer : layers) {
    for (int i = 0; i < LstmLayer::kPackParts; ++i) parts.push_back([&layer, i] { layer.pack(i); });
  }
  workers.run([&](int index) {
    for (std::size_t i = static_cast<std::size_t>(index); i < parts.size();
         i += static_cast<std::size_t>(workers.count())) {
      parts[i]();
    }
  });
}

void make_sequence(std::string_view line, const LanguageModel& model, PieceCache& cache,
                   std::vector<std::string_view>& words, Sequence& sequence) {
  const PieceVocabulary& vocabulary = *model.vocabulary;
  const bool forward = model.settings.direction == Direction::kForward;
  words.clear();
  split_words(line, model.settings.split, words);
  auto& inputs = sequence.inputs;
  inputs.clear();
  inputs.push_back(forward ? vocabulary.bos() : vocabulary.eos());
  sequence.words = words.size();
  sequence.characters = 1;
  for (const std::string_view word : words) {
    cache.encode(word, inputs);
    sequence.characters += count_characters(word) + 1;
  }
  if (!forward) std::reverse(inputs.begin() + 1, inputs.end());
  sequence.targets.assign(inputs.begin() + 1, inputs.end());
  sequence.targets.push_back(forward ? vocabulary.eos() : vocabulary.bos());
}

}  // namespace elmo
