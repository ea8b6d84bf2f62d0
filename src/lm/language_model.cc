#include "lm/language_model.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"
#include "base/strings.h"
#include "compute/random.h"
#include "elmo/error.h"
#include "io/file_kind.h"
#include "lm/official_format.h"
#include "text/characters.h"
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

constexpr char kWordDictionary[] = "dictionary/words";
constexpr char kCharacterDictionary[] = "dictionary/characters";

constexpr std::pair<std::string_view, Encoder> kEncoders[] = {
    {"pieces", Encoder::kPieces},
    {"words", Encoder::kWords},
    {"characters", Encoder::kCharacters},
    {"dictionaries", Encoder::kDictionaries}};

nlohmann::json to_json(const CharacterShape& shape) {
  nlohmann::json filters = nlohmann::json::array();
  for (const auto& [width, count] : shape.filters) filters.push_back({width, count});
  return {{"rows", shape.rows},
          {"padding", shape.padding},
          {"dimension", shape.dimension},
          {"filters", filters},
          {"activation", shape.tanh ? "tanh" : "relu"},
          {"highways", shape.highways},
          {"project", shape.project},
          {"positions", shape.positions}};
}

CharacterShape character_shape(const JsonFields& fields, int least_rows, int projection) {
  CharacterShape shape;
  shape.rows = fields.integer32("rows", least_rows, 1 << 16);
  shape.padding = fields.integer32("padding", 0, shape.rows - 1);
  shape.dimension = fields.integer32("dimension", 1, 1 << 12);
  shape.positions = fields.integer32("positions", 3, 256);
  shape.highways = fields.integer32("highways", 0, 64);
  shape.project = fields.boolean("project");
  shape.projection = projection;
  const std::string activation = fields.text("activation");
  if (activation != "tanh" && activation != "relu") {
    fields.fail("activation is " + shown(activation) + ", neither tanh nor relu");
  }
  shape.tanh = activation == "tanh";
  const nlohmann::json& filters = fields.at("filters");
  const auto is_pair = [](const nlohmann::json& filter) {
    return filter.is_array() && filter.size() == 2;
  };
  if (!filters.is_array() || filters.empty() || filters.size() > 64 ||
      !std::ranges::all_of(filters, is_pair)) {
    fields.fail("filters is not a list of 1 to 64 pairs of a width and a count");
  }
  for (const auto& filter : filters) {
    const auto number = [&](std::size_t i, const char* name, int most) {
      return static_cast<int>(fields.integer_of(filter[i], name, 1, most));
    };
    shape.filters.push_back(
        {number(0, "a filter's width", shape.positions), number(1, "a filter's count", 1 << 14)});
  }
  if (!shape.project && shape.filter_count() != projection) {
    fields.fail("without a projection there must be as many filters as it has numbers");
  }
  return shape;
}

void read_dictionary_settings(const JsonFields& fields, const JsonFields& characters,
                              ModelSettings& settings) {
  settings.word_dimension = fields.integer32("word_dimension", 0, 1 << 14);
  settings.softmax = false;
  CharacterShape& shape = settings.characters;
  if (characters.integer32("dimension", 0, 1 << 12) != 0) {
    shape = character_shape(characters, 1, settings.projection);
  } else if (settings.word_dimension > 0) {
    shape.positions = characters.integer32("positions", 3, 256);
    shape.projection = settings.projection;
  } else {
    fields.fail("it has neither words nor characters");
  }
  // There are too many characters to precompute a table.
  shape.table = false;
}

// The least number of parameters of a model with these settings. `words`: rows of listed words.
double least_size(const ModelSettings& s, double outcomes, double words) {
  const double h = s.hidden, p = s.projection;
  double size = s.layers * (4 * h * 2 * p + 4 * h + p * h) + words * s.word_dimension;
  if (s.softmax) size += outcomes * (s.tied ? 1 : p + 1);
  if (s.encoder == Encoder::kPieces || s.encoder == Encoder::kWords) return size + outcomes * p;
  if (s.characters.dimension == 0) return size;
  const double dimension = s.characters.dimension, filters = s.characters.filter_count();
  size += s.characters.rows * dimension + s.characters.highways * 2 * filters * (filters + 1);
  for (const auto& [width, count] : s.characters.filters) size += width * dimension * count + count;
  return s.characters.project ? size + filters * p : size;
}

// The random numbers of initialisation are keyed by the parameter's number within its direction.
std::uint64_t first_tensor(Direction direction) {
  return direction == Direction::kForward ? 0 : 1000;
}
constexpr std::uint64_t kNewSoftmaxTensor = 999;

void fill_normal(Parameter& parameter, double deviation, const Random& random) {
  for (std::size_t i = 0; i < parameter.value.size(); ++i) {
    parameter.value[i] = static_cast<float>(deviation) * random.normal(i);
  }
}

}  // namespace

std::string_view encoder_name(Encoder encoder) {
  for (const auto& [name, known] : kEncoders) {
    if (known == encoder) return name;
  }
  return "";
}

nlohmann::json ModelSettings::to_json() const {
  nlohmann::json result = {{"direction", direction_name(direction)},
                           {"encoder", encoder_name(encoder)},
                           {"softmax", softmax},
                           {"layers", layers},
                           {"hidden", hidden},
                           {"projection", projection},
                           {"cell_clip", cell_clip},
                           {"projection_clip", projection_clip},
                           {"skip_connections", skip_connections},
                           {"split", split_name(split)}};
  if (tied) result["tied"] = true;
  if (encoder == Encoder::kCharacters || encoder == Encoder::kDictionaries) {
    result["characters"] = elmo::to_json(characters);
  }
  if (encoder == Encoder::kDictionaries) {
    result["word_dimension"] = word_dimension;
    result["normalisation"] = normalisation_name(normalisation);
  }
  return result;
}

ModelSettings ModelSettings::from_json(const nlohmann::json& json, const std::string& source) {
  const JsonFields fields(json, source + ": its settings");
  ModelSettings result;
  const std::string direction = fields.text("direction");
  if (direction != "forward" && direction != "backward") {
    fields.fail("direction is " + shown(direction) + ", neither forward nor backward");
  }
  result.direction = direction == "forward" ? Direction::kForward : Direction::kBackward;
  const std::string encoder = fields.text("encoder");
  const auto known =
      std::ranges::find(kEncoders, encoder, [](const auto& one) { return one.first; });
  if (known == std::end(kEncoders)) {
    throw Error(source + ": this model's token encoder is " + shown(encoder) +
                ", which this program does not know; update elmo");
  }
  result.encoder = known->second;
  result.softmax = !fields.has("softmax") || fields.boolean("softmax");
  result.tied = fields.has("tied") && fields.boolean("tied");
  if (result.tied && (result.encoder != Encoder::kPieces || !result.softmax)) {
    fields.fail("tied is true, and there are no pieces or no softmax to tie");
  }
  result.layers = fields.integer32("layers", 1, 64);
  result.hidden = fields.integer32("hidden", 1, 1 << 16);
  result.projection = fields.integer32("projection", 1, 1 << 14);
  constexpr double kLargestClip = 1e30;
  result.cell_clip = static_cast<float>(fields.number("cell_clip", 0, kLargestClip));
  result.projection_clip = static_cast<float>(fields.number("projection_clip", 0, kLargestClip));
  result.skip_connections = fields.boolean("skip_connections");
  const bool has_dictionaries = result.encoder == Encoder::kDictionaries;
  try {
    result.split = parse_split(fields.text("split"));
    if (has_dictionaries) result.normalisation = parse_normalisation(fields.text("normalisation"));
  } catch (const UsageError& error) {
    fields.fail(error.what());
  }
  if (has_dictionaries || result.encoder == Encoder::kCharacters) {
    const JsonFields characters(fields.at("characters"), source + ": its settings' characters");
    if (has_dictionaries) {
      read_dictionary_settings(fields, characters, result);
    } else {
      result.characters = character_shape(characters, kCharacterRows, result.projection);
    }
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
    if (settings.encoder != Encoder::kCharacters) return;
    CharacterShape& shape = settings.characters;
    shape.rows = kCharacterRows;
    shape.padding = kPadding;
    shape.positions = 50;
    shape.dimension = 16;
    shape.filters = {{1, 32}, {2, 32}, {3, 64}, {4, 128}, {5, 256}, {6, 512}, {7, 1024}};
    if (preset == "tiny") shape.filters.resize(3);
    shape.highways = preset == "original" ? 2 : 1;
    shape.projection = known.projection;
    return;
  }
  throw UsageError("preset '" + preset + "' is not one of tiny, small, medium, original");
}

LanguageModel::LanguageModel(const ModelSettings& model_settings,
                             std::shared_ptr<const PieceVocabulary> pieces,
                             std::shared_ptr<const WordVocabulary> word_list,
                             std::shared_ptr<const DictionaryReader> reader)
    : settings(model_settings),
      vocabulary(std::move(pieces)),
      words(std::move(word_list)),
      dictionaries(std::move(reader)),
      embedding("token_encoder/embedding",
                settings.encoder == Encoder::kCharacters ? 0 : outcomes(), settings.projection),
      softmax("softmax", settings.softmax ? outcomes() : 0, settings.projection, settings.tied) {
  if (settings.encoder == Encoder::kCharacters ||
      (settings.encoder == Encoder::kDictionaries && settings.characters.dimension > 0)) {
    characters = std::make_unique<CharacterEncoder>("token_encoder", settings.characters);
  }
  if (settings.encoder == Encoder::kDictionaries && settings.word_dimension > 0) {
    listed_words = std::make_unique<ProjectedEmbedding>(
        "token_encoder/words", dictionaries->words()->rows(), settings.word_dimension,
        settings.projection, !characters);
  }
  for (int i = 0; i < settings.layers; ++i) {
    layers.emplace_back("lstm_" + std::to_string(i), layer_shape(settings, i));
  }
}

LanguageModel::LanguageModel(const ModelSettings& model_settings,
                             std::shared_ptr<const PieceVocabulary> pieces)
    : LanguageModel(model_settings, std::move(pieces), nullptr, nullptr) {}

LanguageModel::LanguageModel(const ModelSettings& model_settings,
                             std::shared_ptr<const WordVocabulary> word_list)
    : LanguageModel(model_settings, nullptr, std::move(word_list), nullptr) {}

LanguageModel::LanguageModel(const ModelSettings& model_settings,
                             std::shared_ptr<const DictionaryReader> reader)
    : LanguageModel(model_settings, nullptr, nullptr, std::move(reader)) {}

const Vocabulary* LanguageModel::units() const {
  if (vocabulary) return vocabulary.get();
  return words.get();
}

std::filesystem::path LanguageModel::file(const std::filesystem::path& folder,
                                          Direction direction) {
  return folder / (std::string(direction_name(direction)) + ".h5");
}

std::unique_ptr<LanguageModel> LanguageModel::load(const std::filesystem::path& path) {
  const TensorFileReader reader(path, kFormat, kVersion);
  const auto settings = ModelSettings::from_json(reader.settings(), path.string());
  auto model = make(settings, reader);
  model->for_each_parameter([&](const Parameter& parameter) {
    if (reader.shape(parameter.name) == parameter.shape) return;
    throw Error(path.string() + ": " + parameter.name + " has shape " +
                to_string(reader.shape(parameter.name)) +
                ", the settings and the vocabulary want " + to_string(parameter.shape));
  });
  model->content_hash = reader.content_hash();
  model->for_each_parameter([&](Parameter& parameter) {
    reader.read_finite(parameter.name, parameter.shape, parameter.value.span());
  });
  return model;
}

std::unique_ptr<LanguageModel> LanguageModel::make(const ModelSettings& settings,
                                                   const TensorFileReader& reader) {
  const std::string source = reader.path().string();
  if (settings.encoder == Encoder::kPieces) {
    auto pieces =
        std::make_shared<const PieceVocabulary>(reader.read_bytes("vocabulary/model"), source);
    reader.check_size(least_size(settings, pieces->rows(), 0));
    return std::make_unique<LanguageModel>(settings, std::move(pieces));
  }
  if (settings.encoder == Encoder::kDictionaries) {
    const auto bytes_of = [&](int dimension, const char* name) {
      return dimension > 0 ? reader.read_bytes(name) : std::string();
    };
    auto dictionaries = std::make_shared<const DictionaryReader>(
        bytes_of(settings.word_dimension, kWordDictionary), source,
        bytes_of(settings.characters.dimension, kCharacterDictionary), source,
        settings.characters.positions, settings.normalisation);
    const auto& list = dictionaries->characters();
    if ((settings.word_dimension > 0) != dictionaries->words().has_value() ||
        (settings.characters.dimension > 0) != list.has_value() ||
        (list && list->rows() != settings.characters.rows)) {
      throw Error(source + ": the dictionaries are not those of the settings; the file is damaged");
    }
    const auto& words = dictionaries->words();
    reader.check_size(least_size(settings, 0, words ? words->rows() : 0));
    return std::make_unique<LanguageModel>(settings, std::move(dictionaries));
  }
  std::shared_ptr<const WordVocabulary> words;
  if (settings.softmax || settings.encoder == Encoder::kWords || reader.has("vocabulary/words")) {
    words = std::make_shared<const WordVocabulary>(reader.read_bytes("vocabulary/words"), source);
  }
  reader.check_size(least_size(settings, words ? words->rows() : 0, 0));
  return std::make_unique<LanguageModel>(settings, std::move(words));
}

void LanguageModel::add_to(TensorSink& file) {
  for_each_parameter([&](Parameter& parameter) {
    file.add(parameter.name, parameter.shape, std::span<const float>(parameter.value.span()));
  });
  if (vocabulary) file.add_bytes("vocabulary/model", vocabulary->bytes());
  if (words) file.add_bytes("vocabulary/words", words->bytes());
  if (!dictionaries) return;
  if (const auto& list = dictionaries->words()) file.add_bytes(kWordDictionary, list->bytes());
  if (const auto& list = dictionaries->characters()) {
    file.add_bytes(kCharacterDictionary, list->bytes());
  }
}

std::int64_t LanguageModel::file_version() const {
  if (settings.tied) return 3;
  const bool is_old = settings.encoder != Encoder::kDictionaries && settings.split != Split::kTabs;
  return is_old ? 1 : 2;
}

void LanguageModel::save(const std::filesystem::path& path) {
  TensorFileWriter writer(path, kFormat, file_version(), settings.to_json());
  add_to(writer);
  writer.commit();
}

void LanguageModel::initialise(std::uint64_t seed) {
  std::uint64_t tensor = first_tensor(settings.direction);
  const auto normal = [&](Parameter& parameter, double deviation) {
    fill_normal(parameter, deviation, Random(seed, RandomUse::kInitialise, tensor++));
  };
  const double root = std::sqrt(static_cast<double>(settings.projection));
  const auto uniform = [&](Parameter& parameter, float bound) {
    const Random random(seed, RandomUse::kInitialise, tensor++);
    for (std::size_t i = 0; i < parameter.value.size(); ++i) {
      parameter.value[i] = bound * (2 * random.uniform(i) - 1);
    }
  };
  const auto glorot = [&](Parameter& parameter) {
    uniform(parameter, static_cast<float>(std::sqrt(
                           6.0 / static_cast<double>(parameter.shape[0] + parameter.shape[1]))));
  };
  if (characters) {
    const double filters = 1 / std::sqrt(static_cast<double>(characters->shape().filter_count()));
    uniform(characters->characters, 1.0f);
    for (Parameter& filter : characters->filters) uniform(filter, 0.05f);
    for (Parameter& bias : characters->filter_biases) bias.value.zero();
    for (auto& highway : characters->highways) {
      normal(highway.carry, filters);
      normal(highway.transform, filters);
      std::ranges::fill(highway.carry_bias.value.span(), -2.0f);
      highway.transform_bias.value.zero();
    }
    if (characters->shape().project) normal(characters->projection, filters);
    characters->projection_bias.value.zero();
  } else {
    normal(embedding.table, 1 / root);
  }
  for (LstmLayer& layer : layers) {
    glorot(layer.weights);
    layer.bias.value.zero();
    glorot(layer.projection);
  }
  if (!settings.tied) normal(softmax.weights, 1 / root);
  softmax.bias.value.zero();
}

void LanguageModel::initialise_softmax(std::uint64_t seed) {
  const double deviation = 1 / std::sqrt(static_cast<double>(settings.projection));
  const std::uint64_t tensor = first_tensor(settings.direction) + kNewSoftmaxTensor;
  fill_normal(softmax.weights, deviation, Random(seed, RandomUse::kInitialise, tensor));
  softmax.bias.value.zero();
}

std::vector<Parameter*> LanguageModel::encoder_parameters() {
  std::vector<Parameter*> result;
  for_each_encoder_parameter([&](Parameter& parameter) { result.push_back(&parameter); });
  return result;
}

std::vector<Parameter*> LanguageModel::parameters_below_softmax() {
  std::vector<Parameter*> result = encoder_parameters();
  for (LstmLayer& layer : layers) {
    layer.for_each_parameter([&](Parameter& parameter) { result.push_back(&parameter); });
  }
  return result;
}

void check_model_folder(const std::filesystem::path& folder) {
  namespace fs = std::filesystem;
  const auto refuse = [&](const std::string& what) { throw Error(folder.string() + ": " + what); };
  const auto ours = [&](Direction direction) {
    return fs::exists(LanguageModel::file(folder, direction));
  };
  std::error_code failed;
  const std::string ending =
      "; a model is a folder with forward.h5 and backward.h5, as `elmo "
      "pretrain` makes it";
  if (!fs::is_directory(folder, failed)) {
    if (!fs::exists(folder, failed)) refuse("no such folder" + ending);
    const std::string kind = file_kind(beginning_of(folder), folder.string());
    refuse((kind.empty() ? "is a file" : kind) + ending);
  }
  if (ours(Direction::kForward) || ours(Direction::kBackward)) return;
  if (const auto official = find_official(folder)) {
    refuse(fmt::format("holds ELMo weights in the official format; pass --options {} --weights {}",
                       shell_word(official->options.string()),
                       shell_word(official->weights.string())));
  }
  if (fs::exists(folder / "encoder.pkl") && fs::exists(folder / "token_embedder.pkl")) {
    refuse(
        "is a model of ELMoForManyLangs, which published no softmax: it has vectors for words "
        "(`elmo dump`), but no probabilities");
  }
}

std::vector<std::unique_ptr<LanguageModel>> load_directions(const std::filesystem::path& folder) {
  check_model_folder(folder);
  std::vector<std::unique_ptr<LanguageModel>> models;
  for (const Direction direction : {Direction::kForward, Direction::kBackward}) {
    const auto path = LanguageModel::file(folder, direction);
    if (std::filesystem::exists(path)) models.push_back(load_direction(path, direction));
  }
  if (models.empty()) {
    throw Error(folder.string() +
                ": holds neither forward.h5 nor backward.h5; make them with `elmo pretrain`");
  }
  if (models.size() == 2) {
    check_directions_agree(folder.string(), models[0]->settings, models[1]->settings);
  }
  return models;
}

std::unique_ptr<LanguageModel> load_direction(const std::filesystem::path& path,
                                              Direction direction) {
  auto model = LanguageModel::load(path);
  const Direction held = model->settings.direction;
  if (held == direction) return model;
  throw Error(
      fmt::format("{}: holds a {} model; was it renamed?", path.string(), direction_name(held)));
}

void check_directions_agree(const std::string& folder, const ModelSettings& forward,
                            const ModelSettings& backward) {
  const auto agree = [&](const auto& ours, const auto& theirs, std::string_view what) {
    if (ours == theirs) return;
    throw Error(
        fmt::format("{}: forward.h5 has {} {}, backward.h5 {}; both must agree, train one "
                    "of them again",
                    folder, what, ours, theirs));
  };
  agree(encoder_name(forward.encoder), encoder_name(backward.encoder), "the encoder");
  agree(forward.layers, backward.layers, "layers:");
  agree(forward.projection, backward.projection, "projection");
  agree(split_name(forward.split), split_name(backward.split), "split");
}

bool have_same_units(LanguageModel& a, LanguageModel& b) {
  if (a.settings.encoder != b.settings.encoder) return false;
  if (a.units() && b.units() && a.units()->bytes() != b.units()->bytes()) return false;
  if (a.dictionaries && b.dictionaries && !(*a.dictionaries == *b.dictionaries)) return false;
  return std::ranges::equal(
      a.encoder_parameters(), b.encoder_parameters(),
      [](const Parameter* ours, const Parameter* theirs) { return ours->shape == theirs->shape; });
}

void copy_encoder(LanguageModel& from, LanguageModel& to) {
  const auto sources = from.encoder_parameters(), targets = to.encoder_parameters();
  for (std::size_t i = 0; i < sources.size(); ++i) {
    std::ranges::copy(sources[i]->value.span(), targets[i]->value.data());
  }
}

std::int64_t LanguageModel::parameter_count() {
  std::int64_t count = 0;
  for_each_parameter([&](const Parameter& parameter) {
    count += static_cast<std::int64_t>(parameter.value.size());
  });
  return count;
}

void LanguageModel::prepare(Precision precision, bool training) {
  if (characters) characters->prepare(precision, training);
  if (listed_words) listed_words->prepare(precision);
  for (LstmLayer& layer : layers) layer.prepare(precision, training);
  if (settings.softmax) softmax.prepare(precision, training);
}

void LanguageModel::pack(Workers& workers) { pack(workers, settings.softmax); }

void LanguageModel::pack(Workers& workers, bool with_softmax) {
  std::vector<std::function<void()>> parts;
  for (int i = 0; characters && i < characters->pack_parts(); ++i) {
    parts.push_back([this, i] { characters->pack(i); });
  }
  if (listed_words) parts.push_back([this] { listed_words->pack(); });
  for (int i = 0; with_softmax && i < SoftmaxLayer::kPackParts; ++i) {
    parts.push_back([this, i] { softmax.pack(i, softmax_weights()); });
  }
  for (LstmLayer& layer : layers) {
    for (int i = 0; i < layer.pack_parts(); ++i) parts.push_back([&layer, i] { layer.pack(i); });
  }
  workers.run([&](int index) {
    for (std::size_t i = static_cast<std::size_t>(index); i < parts.size();
         i += static_cast<std::size_t>(workers.count())) {
      parts[i]();
    }
  });
}

LineEncoder::LineEncoder(const LanguageModel& model) : model_(model), vocabulary_(model.units()) {
  if (model.vocabulary) pieces_.emplace(*model.vocabulary);
}

std::span<const std::int32_t> LineEncoder::units_of(std::size_t i) const {
  const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
  return std::span(units_).subspan(begin, ends_[i] - begin);
}

bool LineEncoder::is_unknown(std::size_t i) const {
  return std::ranges::any_of(units_of(i),
                             [&](std::int32_t unit) { return vocabulary_->is_unknown(unit); });
}

const std::vector<std::string_view>& LineEncoder::read(std::string_view line, Sequence& sequence) {
  const bool forward = model_.settings.direction == Direction::kForward;
  std::int32_t first = vocabulary_->bos(), last = vocabulary_->eos();
  if (!forward) std::swap(first, last);
  words_.clear();
  split_words(line, model_.settings.split, words_);
  units_.clear();
  ends_.clear();
  sequence.words = words_.size();
  sequence.characters = 1;
  for (const std::string_view word : words_) {
    if (pieces_) {
      pieces_->encode(word, units_);
    } else {
      vocabulary_->encode(word, units_);
    }
    ends_.push_back(units_.size());
    sequence.characters += count_nfc_characters(word) + 1;
  }
  auto& inputs = sequence.inputs;
  inputs.assign(1, first);
  inputs.insert(inputs.end(), units_.begin(), units_.end());
  if (!forward) std::reverse(inputs.begin() + 1, inputs.end());
  sequence.targets.assign(inputs.begin() + 1, inputs.end());
  sequence.targets.push_back(last);
  sequence.input_words.clear();
  if (model_.characters) {
    // Words are the input as they are; the word list gives the targets.
    sequence.input_words.emplace_back(forward ? "<S>" : "</S>");
    sequence.input_words.insert(sequence.input_words.end(), words_.begin(), words_.end());
    if (!forward) std::reverse(sequence.input_words.begin() + 1, sequence.input_words.end());
  }
  return words_;
}

}  // namespace elmo
