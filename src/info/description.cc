#include "info/description.h"

#include <fmt/core.h>

#include <cstdint>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/printable.h"
#include "elmo/error.h"
#include "io/dump_file.h"
#include "io/file_kind.h"
#include "io/hdf5.h"
#include "io/tensor_file.h"
#include "io/torch_file.h"
#include "lm/efml.h"
#include "lm/official.h"
#include "lm/official_format.h"
#include "nn/scalar_mix.h"
#include "task/network.h"
#include "text/piece_vocabulary.h"
#include "text/word_vocabulary.h"

namespace elmo {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

std::string first_bytes(const fs::path& path, std::size_t count) {
  std::ifstream stream(path, std::ios::binary);
  std::string bytes(count, '\0');
  stream.read(bytes.data(), static_cast<std::streamsize>(count));
  bytes.resize(static_cast<std::size_t>(stream.gcount()));
  if (stream.bad() || !(stream.is_open())) {
    throw Error(path.string() + ": can't be read; check its permissions");
  }
  return bytes;
}

// One row for each dataset: name, type, shape.
Json dataset_rows(const h5::File& file) {
  Json rows = Json::array();
  for (const auto& name : file.dataset_names()) {
    const auto dataset = file.open_dataset(name);
    rows.push_back({{"name", "/" + name},
                    {"type", h5::to_string(dataset.type())},
                    {"shape", dataset.extents()}});
  }
  return rows;
}

// elmo's models, checkpoints and task files, which all have the attribute `format`.
Json describe_tensors(const h5::File& file, const std::string& format) {
  const TensorFileReader reader(file.path(), format, std::numeric_limits<std::int64_t>::max());
  const Json rows = dataset_rows(file);
  std::int64_t values = 0;
  for (const auto& row : rows) {
    if (row["type"].get<std::string>().starts_with("float")) values += elements(row["shape"]);
  }
  const auto version = file.attribute("format_version");
  const bool checkpoint = format.find("checkpoint") != std::string::npos;
  return {{"kind", format},
          {"format_version", std::get<std::int64_t>(version.value())},
          {"hash", fmt::format("{:016x}", reader.content_hash())},
          {"settings", reader.settings()},
          {"datasets", rows},
          {checkpoint ? "values" : "parameters", values},
          {"readers", {"elmo", "h5py"}}};
}

// The properties of a task besides its tensors.
Json describe_task(const fs::path& path) {
  const auto network = task::Network::load(path);
  const task::Settings& s = network->settings();
  Json result = {{"task", task_name(s.task)},
                 {"labels", network->labels().names()},
                 {"inputs", s.inputs()},
                 {"encoder", encoder_name(s.encoder)},
                 {"output", output_name(s.output)}};
  if (s.uses_elmo()) {
    const std::vector<double> shares = mix_shares(network->mix_weights());
    Json mix;
    for (std::size_t j = 0; j < shares.size(); ++j) mix[fmt::format("layer_{}", j)] = shares[j];
    mix["gamma"] = network->mix_gamma();
    mix["layer_norm"] = s.layer_norm;
    result["mix"] = mix;
    result["language_model"] = {{"hash", s.model_hash}, {"path", s.model_path}};
  }
  return result;
}

Json describe_dump(const h5::File& file) {
  const DumpReader reader(file.path());
  const bool matrix = reader.layout() == DumpLayout::kMatrix;
  Json result = {{"kind", "word vectors"},
                 {"layout", matrix ? "matrix" : "sentences"},
                 {"sentences", reader.sentences()}};
  if (matrix) result["words"] = file.open_dataset("vectors").extents().front();
  if (matrix || file.has_dataset("0")) {
    result["type"] = h5::to_string(file.open_dataset(matrix ? "vectors" : "0").type());
  }
  result["layers"] = reader.layered() ? reader.layers() : 1;
  result["dimension"] = reader.dimension();
  Json made_by = Json::object();
  for (const auto& [name, attribute] : reader.attributes()) {
    if (name == "part") continue;  // used by elmo join only
    Json& entry = made_by[name];
    std::visit([&](const auto& value) { entry = value; }, attribute);
  }
  result["made_by"] = made_by;
  if (matrix) {
    result["datasets"] = dataset_rows(file);
    result["readers"] = {"elmo", "h5py"};
  } else {
    result["readers"] = {"elmo", "h5py", "programs for AllenNLP's `elmo` command"};
  }
  return result;
}

Json describe_hdf5(const fs::path& path) {
  const auto file = h5::File::open(path);
  const auto format = file.attribute("format");
  if (format && std::holds_alternative<std::string>(*format)) {
    const auto& name = std::get<std::string>(*format);
    Json tensors = describe_tensors(file, name);
    if (name != task::Network::kFormat || tensors["format_version"] > task::Network::kVersion) {
      return tensors;
    }
    Json result = {{"kind", name}};
    result.update(describe_task(path));
    tensors.erase("kind");
    result.update(tensors);
    return result;
  }
  if (is_dump(file)) return describe_dump(file);
  if (file.has_dataset("char_embed") || file.has_dataset("embedding")) {
    return {{"kind", "ELMo weights in the official format; --options and --weights show more"},
            {"datasets", dataset_rows(file)},
            {"readers", {"elmo", "h5py"}}};
  }
  return {
      {"kind", "HDF5, not made by elmo"}, {"datasets", dataset_rows(file)}, {"readers", {"h5py"}}};
}

Json describe_pieces(const fs::path& path) {
  const auto vocabulary = PieceVocabulary::from_file(path.string());
  return {{"kind", "SentencePiece model"},
          {"rows", vocabulary.rows()},
          {"unk", {{"id", vocabulary.unk()}, {"piece", vocabulary.name(vocabulary.unk())}}},
          {"bos", {{"id", vocabulary.bos()}, {"piece", vocabulary.name(vocabulary.bos())}}},
          {"eos", {{"id", vocabulary.eos()}, {"piece", vocabulary.name(vocabulary.eos())}}},
          {"readers", {"elmo pretrain --vocab", "sentencepiece"}}};
}

Json describe_words(const fs::path& path) {
  const auto vocabulary = WordVocabulary::from_file(path.string());
  return {{"kind", "word list"},
          {"rows", vocabulary.rows()},
          {"readers", {"elmo pretrain --encoder characters --vocab", "bilm-tf"}}};
}

Json tensor_rows(const TorchFile& file, const std::string& prefix = "") {
  Json rows = Json::array();
  for (const auto& tensor : file.tensors()) {
    rows.push_back({{"name", prefix + printable(tensor.name)},
                    {"type", TorchFile::type_name(tensor.type)},
                    {"shape", tensor.shape}});
  }
  return rows;
}

// A file of torch.save by itself.
Json describe_torch(const fs::path& path) {
  const TorchFile file = TorchFile::read(path);
  return {{"kind", "tensors of PyTorch"},
          {"datasets", tensor_rows(file)},
          {"readers", {"elmo", "PyTorch"}}};
}

Json describe_efml(const fs::path& folder) {
  const EfmlModel model = read_efml(folder);
  const LanguageModel& forward = *model.forward;
  const ModelSettings& s = forward.settings;
  Json settings = {{"layers", s.layers},
                   {"hidden", s.hidden},
                   {"projection", s.projection},
                   {"cell_clip", s.cell_clip},
                   {"projection_clip", s.projection_clip},
                   {"characters_of_a_word", s.characters.positions - 2},
                   {"character_dimension", s.characters.dimension},
                   {"filters", s.characters.filter_count()},
                   {"highways", s.characters.highways},
                   {"word_dimension", s.word_dimension}};
  Json dictionaries = Json::object();
  if (const auto& list = forward.dictionaries->characters()) {
    dictionaries["characters"] = list->rows();
  }
  if (const auto& list = forward.dictionaries->words()) dictionaries["words"] = list->rows();
  Json rows = Json::array();
  std::int64_t values = 0;
  std::uint64_t bytes = 0;
  for (const std::string name : {"token_embedder", "encoder"}) {
    const fs::path path = folder / (name + ".pkl");
    bytes += fs::file_size(path);
    for (auto& row : tensor_rows(TorchFile::read(path), name + ".pkl/")) {
      values += elements(row["shape"]);
      rows.push_back(std::move(row));
    }
  }
  return {
      {"path", folder.string()},
      {"bytes", bytes},
      {"kind", "model of ELMoForManyLangs"},
      {"architecture", model.architecture.empty()
                           ? std::string("no file; the architecture of the published models fits")
                           : model.architecture.string()},
      {"settings", settings},
      {"dictionaries", dictionaries},
      {"datasets", rows},
      {"parameters", values},
      {"readers", {"elmo", "elmoformanylangs"}}};
}

Json describe_file(const fs::path& path) {
  const std::string start = first_bytes(path, 16);
  if (start.empty()) throw Error(path.string() + ": is empty");
  Json body;
  if (start.starts_with(kHdf5Signature)) {
    body = describe_hdf5(path);
  } else if (start.starts_with("<S>")) {
    body = describe_words(path);
  } else if (start.starts_with("PK\3\4") || start.starts_with("\x80") ||
             path.extension() == ".pkl") {
    body = describe_torch(path);
  } else if (start.front() == '\n') {
    // A SentencePiece model is a protocol buffer whose first field is a piece.
    body = describe_pieces(path);
  } else {
    throw Error(path.string() +
                ": neither HDF5 nor a SentencePiece model nor a word list; info shows what elmo "
                "writes");
  }
  Json result = {{"path", path.string()}, {"bytes", fs::file_size(path)}};
  result.update(body);
  return result;
}

Json describe_folder(const fs::path& folder) {
  if (is_efml(folder) && !fs::exists(folder / "forward.h5")) return describe_efml(folder);
  Json files = Json::array();
  std::vector<std::string> missing;
  for (const std::string direction : {"forward", "backward"}) {
    const fs::path model = folder / (direction + ".h5");
    if (!fs::exists(model)) {
      missing.push_back(model.filename().string());
      continue;
    }
    files.push_back(describe_file(model));
    const fs::path checkpoint = folder / (direction + ".checkpoint.h5");
    if (fs::exists(checkpoint)) {
      Json brief = describe_file(checkpoint);
      // Left out: the same tensors as in the model, and its optimiser's.
      brief.erase("settings");
      brief.erase("datasets");
      files.push_back(std::move(brief));
    }
  }
  if (missing.size() == 2) {
    throw Error(folder.string() +
                ": holds no model, neither forward.h5 nor backward.h5; `elmo pretrain --output " +
                folder.string() + "` makes them");
  }
  if (missing.empty()) {
    const auto settings = [&](Direction direction) {
      const auto path = LanguageModel::file(folder, direction);
      const TensorFileReader reader(path, LanguageModel::kFormat, LanguageModel::kVersion);
      return ModelSettings::from_json(reader.settings(), path.string());
    };
    check_directions_agree(folder.string(), settings(Direction::kForward),
                           settings(Direction::kBackward));
  }
  Json result = {{"path", folder.string()}, {"kind", "model folder"}};
  if (!missing.empty()) result["missing"] = missing.front();
  result["files"] = std::move(files);
  return result;
}

}  // namespace

nlohmann::ordered_json describe(const fs::path& path) {
  refuse_pipe(path);
  if (!fs::exists(path)) throw Error(path.string() + ": there is no such file or folder");
  return fs::is_directory(path) ? describe_folder(path) : describe_file(path);
}

std::string model_card(const fs::path& folder) {
  const fs::path path = folder / "README.md";
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  if (stream.is_open()) text << stream.rdbuf();
  if (text.str().empty()) {
    throw Error(path.string() +
                ": there is no card; `tools/package model` writes one beside the model");
  }
  return text.str();
}

nlohmann::ordered_json describe_official(const fs::path& options, const fs::path& weights) {
  const h5::File file = h5::File::open(weights);  // keeps it open for the readers below
  const OfficialModel model = read_official(options, weights);
  const Json rows = dataset_rows(file);
  std::int64_t values = 0;
  for (const auto& row : rows) values += elements(row["shape"]);
  Json settings = {{"input", model.characters ? "characters" : "words"},
                   {"layers", model.layers},
                   {"hidden", model.hidden},
                   {"projection", model.projection},
                   {"cell_clip", model.cell_clip},
                   {"projection_clip", model.projection_clip},
                   {"skip_connections", model.skip_connections}};
  if (model.characters) {
    settings["filters"] = model.characters->shape().filter_count();
    settings["highways"] = model.characters->shape().highways;
  }
  Json result = {{"path", weights.string()},
                 {"bytes", fs::file_size(weights)},
                 {"kind", "ELMo weights in the official format"},
                 {"settings", settings},
                 {"datasets", rows},
                 {"parameters", values},
                 {"readers", {"elmo"}}};
  for (const auto& [name, obstacles] : official_readers(model)) {
    if (obstacles.empty()) {
      result["readers"].push_back(name);
    } else {
      result["no_readers"][name] = join_words(obstacles, "and");
    }
  }
  return result;
}

}  // namespace elmo
