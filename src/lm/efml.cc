#include "lm/efml.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/fingerprint.h"
#include "base/json.h"
#include "base/printable.h"
#include "compute/aligned.h"
#include "compute/transpose.h"
#include "elmo/error.h"
#include "io/torch_file.h"
#include "lm/options_file.h"

namespace elmo {
namespace {

namespace fs = std::filesystem;

constexpr char kPublishedName[] = "cnn_50_100_512_4096_sample.json";

// What the architecture file says.
struct Architecture {
  int layers = 2, hidden = 4096, projection = 512;
  float cell_clip = 3, projection_clip = 3;
  int word_dimension = 100;
  CharacterShape characters;  // dimension 0: no characters
  fs::path file;              // empty: the published architecture
  std::string wanted_name;    // name of the file that was not found

  // Where the architecture comes from, for messages.
  std::string source() const {
    return file.empty() ? "the architecture of the published models" : file.string();
  }
  std::string remedy() const {
    if (!file.empty()) return "; is it another model's?";
    return "; put this model's architecture file, " + wanted_name + ", into its folder";
  }
};

// All 44 languages have the same one.
Architecture published() {
  Architecture result;
  result.characters = {
      .dimension = 50,
      .filters = {{1, 32}, {2, 32}, {3, 64}, {4, 128}, {5, 256}, {6, 512}, {7, 1024}},
      .highways = 2,
      .positions = 50,
      .table = false};
  return result;
}

void refuse_variant(const OptionsFile& options, const std::string& group, std::string_view known) {
  const auto& value = options.get(group + ".name");
  if (!value.is_string()) options.fail(group + ".name is not text");
  auto name = value.get<std::string>();
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  if (name == known) return;
  throw Error(fmt::format("{}: its {} is '{}'; elmo reads '{}', which all published models have",
                          options.path().string(), group, name, known));
}

Architecture read_architecture(const fs::path& path) {
  const OptionsFile options(path, "an architecture file of ELMoForManyLangs");
  refuse_variant(options, "token_embedder", "cnn");
  refuse_variant(options, "encoder", "elmo");
  Architecture result;
  result.file = path;
  result.layers = options.size("encoder.n_layers", 1, 64);
  result.hidden = options.size("encoder.dim", 1, 1 << 16);
  result.projection = options.size("encoder.projection_dim", 1, 1 << 14);
  result.cell_clip = options.bound("encoder.cell_clip");
  result.projection_clip = options.bound("encoder.proj_clip");
  result.word_dimension = options.size("token_embedder.word_dim", 0, 1 << 14);
  CharacterShape& shape = result.characters;
  shape.table = false;
  shape.positions = options.size("token_embedder.max_characters_per_token", 3, 256);
  shape.dimension = options.size("token_embedder.char_dim", 0, 1 << 12);
  if (shape.dimension == 0) {
    if (result.word_dimension == 0) options.fail("word_dim and char_dim are both 0");
    return result;
  }
  shape.tanh = options.is_tanh("token_embedder.activation");
  shape.highways = options.size("token_embedder.n_highway", 0, 64);
  shape.filters = options.filters("token_embedder.filters", shape.positions);
  return result;
}

// config_path is a path on the machine that trained the model; only the file name matters.
Architecture find_architecture(const fs::path& folder) {
  std::string path = kPublishedName;
  const fs::path config = folder / "config.json";
  if (fs::exists(config)) {
    const OptionsFile options(config, "the config.json of a model of ELMoForManyLangs");
    const nlohmann::json* architecture = options.find("config_path");
    if (architecture == nullptr || !architecture->is_string()) {
      throw Error(config.string() +
                  ": has no config_path, so it is not what ELMoForManyLangs wrote; fetch it again");
    }
    path = architecture->get<std::string>();
  }
  const std::string name = path.substr(path.find_last_of("/\\") + 1);
  for (const fs::path& place : {fs::path(path), fs::path(name)}) {
    if (place.empty() || place.is_absolute()) continue;
    if (fs::is_regular_file(folder / place)) return read_architecture(folder / place);
  }
  Architecture result = published();
  result.wanted_name = name.empty() ? kPublishedName : name;
  return result;
}

// Checks the tensors of a file against the architecture.
class Tensors {
 public:
  Tensors(const fs::path& path, const Architecture& architecture)
      : file_(TorchFile::read(path)), architecture_(architecture) {}

  void want(const std::string& name, const Shape& shape) {
    const auto* tensor = file_.find(name);
    if (tensor == nullptr) {
      throw Error(fmt::format("{}: the tensor {} is missing, which {} speaks of{}", file_.source(),
                              name, architecture_.source(), architecture_.remedy()));
    }
    if (tensor->shape != shape) {
      throw Error(fmt::format("{}: {} has shape {}, {} wants {}{}", file_.source(), name,
                              to_string(tensor->shape), architecture_.source(), to_string(shape),
                              architecture_.remedy()));
    }
    wanted_.push_back(name);
  }

  // Checks a table that has a row for each entry of a dictionary.
  void want_rows(const std::string& name, const Dictionary& dictionary, const fs::path& source,
                 int width) {
    const auto* tensor = file_.find(name);
    if (tensor != nullptr && tensor->shape.size() == 2 && tensor->shape[1] == width &&
        tensor->shape[0] != dictionary.rows()) {
      throw Error(
          fmt::format("{}: has {} entries, {} has vectors for {}; it is another model's "
                      "dictionary",
                      source.string(), dictionary.rows(), file_.source(), tensor->shape[0]));
    }
    want(name, {dictionary.rows(), width});
  }

  // Call it after all expected tensors have been checked.
  void refuse_others() const {
    for (const auto& tensor : file_.tensors()) {
      if (std::ranges::find(wanted_, tensor.name) != wanted_.end()) continue;
      throw Error(fmt::format("{}: has the tensor {}, which {} does not speak of{}", file_.source(),
                              printable(tensor.name), architecture_.source(),
                              architecture_.remedy()));
    }
  }

  AlignedArray<float> read(const std::string& name) const {
    const auto& tensor = *file_.find(name);
    AlignedArray<float> values(static_cast<std::size_t>(tensor.elements()));
    file_.read(tensor, values.span());
    for (const float value : values.span()) {
      if (std::isfinite(value)) continue;
      throw Error(fmt::format("{}: {} holds {}, so it can't be used; fetch the file again",
                              file_.source(), name, value));
    }
    return values;
  }
  void read(const std::string& name, Parameter& parameter) const {
    std::ranges::copy(read(name).span(), parameter.value.data());
  }

 private:
  TorchFile file_;
  const Architecture& architecture_;
  std::vector<std::string> wanted_;
};

std::string highway_name(int k) { return fmt::format("highways._layers.{}.", k); }
std::string filter_name(std::size_t i) { return fmt::format("convolutions.{}.", i); }
constexpr char kWordTable[] = "word_emb_layer.embedding.weight";
constexpr char kCharacterTable[] = "char_emb_layer.embedding.weight";

void want_token_encoder(Tensors& tensors, const Architecture& architecture,
                        const DictionaryReader& dictionaries, const fs::path& folder) {
  const CharacterShape& shape = architecture.characters;
  const int f = shape.filter_count(), d = architecture.word_dimension;
  if (d > 0) tensors.want_rows(kWordTable, *dictionaries.words(), folder / "word.dic", d);
  if (shape.dimension > 0) {
    tensors.want_rows(kCharacterTable, *dictionaries.characters(), folder / "char.dic",
                      shape.dimension);
    for (std::size_t i = 0; i < shape.filters.size(); ++i) {
      const auto& [width, count] = shape.filters[i];
      tensors.want(filter_name(i) + "weight", {count, shape.dimension, width});
      tensors.want(filter_name(i) + "bias", {count});
    }
    for (int k = 0; k < shape.highways; ++k) {
      tensors.want(highway_name(k) + "weight", {2 * f, f});
      tensors.want(highway_name(k) + "bias", {2 * f});
    }
  }
  tensors.want("projection.weight", {architecture.projection, d + f});
  tensors.want("projection.bias", {architecture.projection});
  tensors.refuse_others();
}

std::string layer_name(Direction direction, int layer) {
  return fmt::format("{}_layer_{}.", direction_name(direction), layer);
}

void want_layers(Tensors& tensors, const Architecture& architecture) {
  const std::int64_t h = architecture.hidden, p = architecture.projection;
  for (const Direction direction : {Direction::kForward, Direction::kBackward}) {
    for (int j = 0; j < architecture.layers; ++j) {
      const std::string name = layer_name(direction, j);
      tensors.want(name + "input_linearity.weight", {4 * h, p});
      tensors.want(name + "state_linearity.weight", {4 * h, p});
      tensors.want(name + "state_linearity.bias", {4 * h});
      tensors.want(name + "state_projection.weight", {p, h});
    }
  }
  tensors.refuse_others();
}

// In ELMoForManyLangs g = sigma(W_g x + b_g) weights the input x, and 1 - g the transformed input.
// Here it is the other way round, and 1 - sigma(z) = sigma(-z), so W_carry = -W_g. Its matrices are
// (out, in), ours (in, out).
void read_highway(const Tensors& tensors, int k, std::int64_t f,
                  CharacterEncoder::Highway& highway) {
  const auto weight = tensors.read(highway_name(k) + "weight");
  const auto bias = tensors.read(highway_name(k) + "bias");
  transpose(weight.data(), f, f, f, highway.transform.value.data(), f);
  transpose(weight.data() + f * f, f, f, f, highway.carry.value.data(), f);
  std::copy_n(bias.data(), f, highway.transform_bias.value.data());
  std::copy_n(bias.data() + f, f, highway.carry_bias.value.data());
  for (Parameter* parameter : {&highway.carry, &highway.carry_bias}) {
    for (float& value : parameter->value.span()) value = -value;
  }
}

void read_token_encoder(const Tensors& tensors, const Architecture& architecture,
                        LanguageModel& model) {
  const CharacterShape& shape = architecture.characters;
  const std::int64_t f = shape.filter_count(), d = architecture.word_dimension,
                     p = architecture.projection;
  if (model.characters) {
    CharacterEncoder& encoder = *model.characters;
    tensors.read(kCharacterTable, encoder.characters);
    for (std::size_t i = 0; i < shape.filters.size(); ++i) {
      const auto& [width, count] = shape.filters[i];
      const auto weight = tensors.read(filter_name(i) + "weight");
      // From (count, dimension, width) to (width, dimension, count).
      const std::int64_t c = shape.dimension;
      for (std::int64_t n = 0; n < count; ++n) {
        for (std::int64_t q = 0; q < c; ++q) {
          for (std::int64_t t = 0; t < width; ++t) {
            encoder.filters[i].value[static_cast<std::size_t>((t * c + q) * count + n)] =
                weight[static_cast<std::size_t>((n * c + q) * width + t)];
          }
        }
      }
      tensors.read(filter_name(i) + "bias", encoder.filter_biases[i]);
    }
    for (int k = 0; k < shape.highways; ++k) {
      read_highway(tensors, k, f, encoder.highways[static_cast<std::size_t>(k)]);
    }
  }
  // (P, d + f): the columns of the word's vector come first.
  const auto weight = tensors.read("projection.weight");
  AlignedArray<float> turned(weight.size());
  transpose(weight.data(), d + f, p, d + f, turned.data(), p);
  if (model.listed_words) {
    tensors.read(kWordTable, model.listed_words->table);
    std::copy_n(turned.data(), d * p, model.listed_words->projection.value.data());
  }
  if (model.characters) {
    std::copy_n(turned.data() + d * p, f * p, model.characters->projection.value.data());
  }
  tensors.read("projection.bias",
               model.characters ? model.characters->projection_bias : model.listed_words->bias);
}

void read_layer(const Tensors& tensors, const std::string& name, LstmLayer& layer) {
  const std::int64_t h = layer.shape().hidden, p = layer.shape().projection;
  const auto input = tensors.read(name + "input_linearity.weight");
  const auto state = tensors.read(name + "state_linearity.weight");
  const auto bias = tensors.read(name + "state_linearity.bias");
  // PyTorch orders the gates i, f, g, o, elmo i, g, f, o; elmo adds 1 to the bias of f.
  constexpr std::int64_t kFrom[] = {0, 2, 1, 3};
  for (std::int64_t gate = 0; gate < 4; ++gate) {
    for (std::int64_t k = 0; k < h; ++k) {
      const std::int64_t from = kFrom[gate] * h + k, to = gate * h + k;
      std::copy_n(input.data() + from * p, p, layer.weights.value.data() + to * 2 * p);
      std::copy_n(state.data() + from * p, p, layer.weights.value.data() + to * 2 * p + p);
      layer.bias.value[static_cast<std::size_t>(to)] =
          bias[static_cast<std::size_t>(from)] - (gate == 2 ? 1.0f : 0.0f);
    }
  }
  tensors.read(name + "state_projection.weight", layer.projection);
}

std::uint64_t hash_of(LanguageModel& model) {
  std::uint64_t hash = chained_hash(model.settings.to_json().dump(), 0);
  for (const auto* list : {&model.dictionaries->words(), &model.dictionaries->characters()}) {
    if (*list) hash = chained_hash((*list)->bytes(), hash);
  }
  model.for_each_parameter(
      [&](const Parameter& parameter) { hash = chained_hash(parameter.value.span(), hash); });
  return hash;
}

std::string read_dictionary(const fs::path& path, bool wanted) {
  if (!wanted) return {};
  refuse_pipe(path);
  std::string bytes = read_file(path, 1u << 30);
  if (bytes.empty()) throw Error(path.string() + ": is empty; a dictionary was expected");
  return bytes;
}

}  // namespace

bool is_efml(const fs::path& folder) {
  return fs::exists(folder / "encoder.pkl") || fs::exists(folder / "token_embedder.pkl");
}

EfmlModel read_efml(const fs::path& folder, const EfmlOptions& options) {
  if (!fs::is_directory(folder)) {
    throw Error(folder.string() +
                ": no such folder; a model of ELMoForManyLangs is the folder that its archive "
                "unpacks to");
  }
  for (const char* name : {"token_embedder.pkl", "encoder.pkl"}) {
    if (!fs::exists(folder / name)) {
      throw Error(
          fmt::format("{}: missing; a model of ELMoForManyLangs has token_embedder.pkl and "
                      "encoder.pkl",
                      (folder / name).string()));
    }
  }
  Architecture architecture = find_architecture(folder);
  CharacterShape& shape = architecture.characters;
  const fs::path words = folder / "word.dic", characters = folder / "char.dic";
  const auto dictionaries = std::make_shared<const DictionaryReader>(
      read_dictionary(words, architecture.word_dimension > 0), words.string(),
      read_dictionary(characters, shape.dimension > 0), characters.string(), shape.positions,
      options.normalisation);
  shape.projection = architecture.projection;
  shape.rows = dictionaries->characters() ? dictionaries->characters()->rows() : 0;
  shape.padding = dictionaries->padding();

  ModelSettings settings;
  settings.encoder = Encoder::kDictionaries;
  settings.characters = shape;
  settings.word_dimension = architecture.word_dimension;
  settings.normalisation = options.normalisation;
  settings.softmax = false;
  settings.layers = architecture.layers;
  settings.hidden = architecture.hidden;
  settings.projection = architecture.projection;
  settings.cell_clip = architecture.cell_clip;
  settings.projection_clip = architecture.projection_clip;
  settings.skip_connections = true;
  settings.split = options.split;

  EfmlModel result;
  result.architecture = architecture.file;
  // All shapes are checked before memory is allocated for the claimed architecture.
  const auto make = [&](Direction direction) {
    settings.direction = direction;
    return std::make_unique<LanguageModel>(settings, dictionaries);
  };
  {
    Tensors tensors(folder / "token_embedder.pkl", architecture);
    want_token_encoder(tensors, architecture, *dictionaries, folder);
    Tensors encoder(folder / "encoder.pkl", architecture);
    want_layers(encoder, architecture);
    result.forward = make(Direction::kForward);
    result.backward = make(Direction::kBackward);
    read_token_encoder(tensors, architecture, *result.forward);
    for (LanguageModel* model : {result.forward.get(), result.backward.get()}) {
      for (int j = 0; j < architecture.layers; ++j) {
        read_layer(encoder, layer_name(model->settings.direction, j),
                   model->layers[static_cast<std::size_t>(j)]);
      }
    }
  }
  copy_encoder(*result.forward, *result.backward);
  result.forward->content_hash = hash_of(*result.forward);
  result.backward->content_hash = hash_of(*result.backward);
  return result;
}

}  // namespace elmo
