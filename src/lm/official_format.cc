#include "lm/official_format.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>

#include "base/file.h"
#include "base/fingerprint.h"
#include "base/json.h"
#include "compute/transpose.h"
#include "elmo/error.h"
#include "io/hdf5.h"
#include "io/tensor_file.h"
#include "lm/options_file.h"
#include "text/characters.h"

namespace elmo {
namespace {

constexpr int kLargest = 1 << 16;  // of any size in the options

// A dataset and the parameter that it corresponds to.
struct Link {
  std::string name;
  Shape shape;
  Parameter* parameter;
  bool transposed = false;  // (in, out) in the file, (out, in) here
};

// The group of a layer's datasets. `bare`: OfficialModel::bare_cell.
std::string cell_group(int direction, std::size_t layer, bool bare) {
  if (bare) return fmt::format("RNN_{}/RNN/LSTMCell/", direction);
  return fmt::format("RNN_{}/RNN/MultiRNNCell/Cell{}/LSTMCell/", direction, layer);
}

std::vector<Link> links(OfficialModel& model, bool bare_cell) {
  std::vector<Link> result;
  if (model.words) {
    result.push_back({"embedding", model.words->table.shape, &model.words->table});
  } else {
    CharacterEncoder& encoder = *model.characters;
    result.push_back({"char_embed", encoder.characters.shape, &encoder.characters});
    for (std::size_t i = 0; i < encoder.filters.size(); ++i) {
      Shape shape = encoder.filters[i].shape;
      shape.insert(shape.begin(), 1);
      result.push_back({fmt::format("CNN/W_cnn_{}", i), shape, &encoder.filters[i]});
      result.push_back({fmt::format("CNN/b_cnn_{}", i), encoder.filter_biases[i].shape,
                        &encoder.filter_biases[i]});
    }
    for (std::size_t k = 0; k < encoder.highways.size(); ++k) {
      auto& highway = encoder.highways[k];
      const auto add = [&](const char* name, Parameter& parameter) {
        result.push_back({fmt::format("CNN_high_{}/{}", k, name), parameter.shape, &parameter});
      };
      add("W_carry", highway.carry);
      add("W_transform", highway.transform);
      add("b_carry", highway.carry_bias);
      add("b_transform", highway.transform_bias);
    }
    if (encoder.shape().project) {
      result.push_back({"CNN_proj/W_proj", encoder.projection.shape, &encoder.projection});
      result.push_back(
          {"CNN_proj/b_proj", encoder.projection_bias.shape, &encoder.projection_bias});
    }
  }
  for (int d = 0; d < 2; ++d) {
    for (std::size_t j = 0; j < model.directions[d].size(); ++j) {
      LstmLayer& layer = model.directions[d][j];
      const std::string group = cell_group(d, j, bare_cell);
      const auto turned = [](const Parameter& parameter) {
        return Shape{parameter.shape[1], parameter.shape[0]};
      };
      result.push_back({group + "W_0", turned(layer.weights), &layer.weights, true});
      result.push_back({group + "B", layer.bias.shape, &layer.bias});
      result.push_back({group + "W_P_0", turned(layer.projection), &layer.projection, true});
    }
  }
  return result;
}

CharacterShape character_shape(const OptionsFile& options, int projection) {
  CharacterShape shape;
  shape.rows = kCharacterRows;
  shape.padding = kPadding;
  shape.dimension = options.size("char_cnn.embedding.dim", 1, kLargest);
  shape.positions = options.size("char_cnn.max_characters_per_token", 3, 256);
  const bool has_highways = options.find("char_cnn.n_highway") != nullptr;
  shape.highways = has_highways ? options.size("char_cnn.n_highway", 0, 64) : 0;
  shape.projection = projection;
  const auto& rows = options.get("char_cnn.n_characters");
  if (rows != kCharacterRows && rows != kCharacterRows + 1) {
    options.fail(fmt::format("char_cnn.n_characters is {}, not 261 or 262", shown(rows)));
  }
  shape.tanh = options.is_tanh("char_cnn.activation");
  shape.filters = options.filters("char_cnn.filters", shape.positions);
  if (shape.filter_count() > kLargest) options.fail("char_cnn.filters are too many");
  return shape;
}

// Without the option there is no clipping.
float clip(const OptionsFile& options, const std::string& key) {
  const nlohmann::json* value = options.find(key);
  return value == nullptr ? 0 : options.bound_of(*value, key);
}

// Called before memory is allocated for the sizes in the options. Smaller discrepancies are
// reported later with the name of the dataset that contradicts the options.
void check_size(double numbers, const std::filesystem::path& options, const h5::File& weights) {
  double held = 0;
  for (const std::string& name : weights.dataset_names()) {
    held += static_cast<double>(weights.open_dataset(name).elements());
  }
  if (numbers > 4 * held) {
    throw Error(
        fmt::format("{}: holds {:.0f} numbers, {} speaks of {:.0f}; is it the options.json of "
                    "these weights?",
                    weights.path().string(), held, options.string(), numbers));
  }
}

[[noreturn]] void refuse_many_langs(const std::filesystem::path& path) {
  throw Error(path.string() +
              ": of a model of ELMoForManyLangs, which is not in the official format; pass its "
              "folder, to import "
              "by --efml, to other commands by --model");
}

void refuse_other_programs(const std::filesystem::path& path) {
  if (path.extension() == ".pkl" ||
      (std::filesystem::is_directory(path) && std::filesystem::exists(path / "encoder.pkl"))) {
    refuse_many_langs(path);
  }
}

void read_link(const h5::File& file, const Link& link, const std::filesystem::path& options) {
  const std::string path = file.path().string();
  if (!file.has_dataset(link.name)) {
    throw Error(fmt::format("{}: the dataset {} is missing, which {} speaks of", path, link.name,
                            options.string()));
  }
  const h5::Dataset dataset = file.open_dataset(link.name);
  if (dataset.extents() != link.shape) {
    throw Error(fmt::format("{}: {} has shape {}, {} wants {}", path, link.name,
                            to_string(dataset.extents()), options.string(), to_string(link.shape)));
  }
  if (dataset.type() != h5::Type::kFloat32) {
    throw Error(fmt::format("{}: {} holds {}, not float32", path, link.name,
                            h5::to_string(dataset.type())));
  }
  auto& values = link.parameter->value;
  if (link.transposed) {
    AlignedArray<float> turned(values.size());
    dataset.read(h5::Type::kFloat32, turned.data());
    transpose(turned.data(), link.shape[1], link.shape[0], link.shape[1], values.data(),
              link.shape[0]);
  } else {
    dataset.read(h5::Type::kFloat32, values.data());
  }
  for (const float value : values.span()) {
    if (std::isfinite(value)) continue;
    throw Error(fmt::format("{}: {} holds {}, so it can't be used; fetch the file again", path,
                            link.name, value));
  }
}

// 261 or 262: bilm-tf's training once accepted 262 too, and the last row is never read. (AllenNLP
// accepts any number.)
int character_rows(const h5::File& file) {
  const auto extents = file.open_dataset("char_embed").extents();
  return !extents.empty() && extents[0] == kCharacterRows + 1 ? kCharacterRows + 1 : kCharacterRows;
}

// Other readers insert a row of zeros before the file's rows. A file that already has one would be
// read with all ids off by one.
void refuse_padding_row(const CharacterEncoder& encoder, const std::filesystem::path& weights) {
  const auto row =
      encoder.characters.value.span().first(static_cast<std::size_t>(encoder.shape().dimension));
  if (encoder.shape().rows == kCharacterRows ||
      std::ranges::any_of(row, [](float x) { return x != 0; })) {
    return;
  }
  throw Error(weights.string() +
              ": char_embed has 262 rows and the first is zero, a reader's padding row, which "
              "these files don't hold; remove it");
}

// Layers that the options do not mention: the options belong to another model.
void refuse_leftovers(const h5::File& file, const std::vector<Link>& wanted,
                      const std::filesystem::path& options) {
  for (const std::string& name : file.dataset_names()) {
    const bool is_layer = name.starts_with("CNN") || name.starts_with("RNN_");
    if (!is_layer || std::ranges::find(wanted, name, &Link::name) != wanted.end()) continue;
    throw Error(
        fmt::format("{}: has {}, which {} does not speak of; is it the options.json of "
                    "these weights?",
                    file.path().string(), name, options.string()));
  }
}

}  // namespace

std::optional<OfficialFiles> find_official(const std::filesystem::path& folder) {
  OfficialFiles found;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failed)) {
    const std::filesystem::path& path = entry.path();
    if (path.extension() == ".hdf5") found.weights = path;
    if (path.extension() == ".json" &&
        path.filename().string().find("options") != std::string::npos) {
      found.options = path;
    }
  }
  if (found.options.empty() || found.weights.empty()) return std::nullopt;
  return found;
}

OfficialModel read_official(const std::filesystem::path& options_path,
                            const std::filesystem::path& weights_path) {
  for (const auto& path : {options_path, weights_path}) {
    refuse_other_programs(path);
    if (!std::filesystem::exists(path)) throw Error(path.string() + ": there is no such file");
  }
  const OptionsFile options(options_path, "the options.json of these weights");
  if (options.find("token_embedder") != nullptr) refuse_many_langs(options_path);
  OfficialModel model;
  model.layers = options.size("lstm.n_layers", 1, 64);
  model.hidden = options.size("lstm.dim", 1, kLargest);
  model.projection = options.size("lstm.projection_dim", 1, kLargest);
  model.cell_clip = clip(options, "lstm.cell_clip");
  model.projection_clip = clip(options, "lstm.proj_clip");
  const nlohmann::json* skip = options.find("lstm.use_skip_connections");
  if (skip != nullptr && !skip->is_boolean())
    options.fail("lstm.use_skip_connections is not a boolean");
  model.skip_connections = skip != nullptr && skip->get<bool>();

  const auto file = h5::File::open(weights_path);
  const double p = model.projection, h = model.hidden;
  double numbers = 2 * model.layers * 9 * h * p;
  const bool by_words = !file.has_dataset("char_embed") && file.has_dataset("embedding");
  if (by_words) {
    const auto extents = file.open_dataset("embedding").extents();
    if (extents.size() != 2 || extents[1] != model.projection || extents[0] < 1 ||
        extents[0] > INT32_MAX - 2) {
      throw Error(fmt::format("{}: embedding has shape {}, {} wants (words, {})",
                              weights_path.string(), to_string(extents), options_path.string(),
                              model.projection));
    }
    check_size(numbers, options_path, file);
    model.words =
        std::make_unique<EmbeddingLayer>("token_encoder/embedding", extents[0], model.projection);
  } else if (file.has_dataset("char_embed")) {
    CharacterShape shape = character_shape(options, model.projection);
    const double f = shape.filter_count(), c = shape.dimension;
    numbers += shape.highways * 2 * f * f;
    for (const auto& [width, count] : shape.filters) numbers += width * c * count;
    check_size(numbers, options_path, file);
    // bilm-tf omits the projection if it would not change the size.
    shape.project = file.has_dataset("CNN_proj/W_proj");
    shape.rows = character_rows(file);
    if (!shape.project && shape.filter_count() != model.projection) {
      throw Error(weights_path.string() + ": the dataset CNN_proj/W_proj is missing, which " +
                  options_path.string() + " speaks of");
    }
    model.characters = std::make_unique<CharacterEncoder>("token_encoder", shape);
  } else {
    throw Error(weights_path.string() +
                ": holds neither char_embed nor embedding, so these are no ELMo weights");
  }
  for (auto& direction : model.directions) {
    for (int j = 0; j < model.layers; ++j) {
      direction.emplace_back(fmt::format("lstm_{}", j),
                             LstmShape{.input = model.projection,
                                       .hidden = model.hidden,
                                       .projection = model.projection,
                                       .cell_clip = model.cell_clip,
                                       .projection_clip = model.projection_clip,
                                       .residual = model.skip_connections && j > 0});
    }
  }
  model.bare_cell = model.layers == 1 && file.has_dataset(cell_group(0, 0, true) + "W_0");
  const std::vector<Link> wanted = links(model, model.bare_cell);
  refuse_leftovers(file, wanted, options_path);
  for (const Link& link : wanted) {
    read_link(file, link, options_path);
    model.content_hash = chained_hash(link.parameter->value.span(), model.content_hash);
  }
  if (model.characters) refuse_padding_row(*model.characters, weights_path);
  return model;
}

void write_official(OfficialModel& model, std::string_view vocabulary,
                    const std::filesystem::path& folder) {
  // null means no clipping. Some readers take 0 for a bound.
  const auto clip = [](float bound) {
    return bound > 0 ? nlohmann::ordered_json(bound) : nlohmann::ordered_json();
  };
  nlohmann::ordered_json options;
  options["lstm"] = {{"use_skip_connections", model.skip_connections},
                     {"projection_dim", model.projection},
                     {"cell_clip", clip(model.cell_clip)},
                     {"proj_clip", clip(model.projection_clip)},
                     {"dim", model.hidden},
                     {"n_layers", model.layers}};
  if (model.characters) {
    const CharacterShape& shape = model.characters->shape();
    nlohmann::ordered_json filters = nlohmann::ordered_json::array();
    for (const auto& [width, count] : shape.filters) filters.push_back({width, count});
    options["char_cnn"] = {{"activation", shape.tanh ? "tanh" : "relu"},
                           {"embedding", {{"dim", shape.dimension}}},
                           {"filters", filters},
                           {"max_characters_per_token", shape.positions},
                           {"n_characters", kCharacterRows + 1},
                           {"n_highway", shape.highways}};
  }
  make_folder(folder);
  const auto path = folder / "model.hdf5";
  PendingFile pending(path);
  {
    auto file = h5::File::create(pending.temporary_path(), path, {});
    for (const Link& link : links(model, false)) {
      auto dataset = file.create_dataset(link.name, h5::Type::kFloat32, link.shape);
      const auto& values = link.parameter->value;
      if (link.transposed) {
        AlignedArray<float> turned(values.size());
        transpose(values.data(), link.shape[0], link.shape[1], link.shape[0], turned.data(),
                  link.shape[1]);
        dataset.write(turned.data());
      } else {
        dataset.write(values.data());
      }
    }
    file.close();
  }
  pending.commit();
  if (!vocabulary.empty()) write_file(folder / "vocab.txt", vocabulary);
  // options.json comes last: a folder that has it is complete.
  write_file(folder / "options.json", options.dump() + "\n");
}

}  // namespace elmo
