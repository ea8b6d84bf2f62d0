#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/json.h"
#include "elmo/error.h"
#include "io/dump_file.h"
#include "io/half.h"
#include "io/hdf5.h"

namespace elmo {
namespace {

constexpr const char* kMapName = "sentence_to_index";
constexpr const char* kPlacesName = "places";

bool is_float(h5::Type type) {
  return type == h5::Type::kFloat32 || type == h5::Type::kFloat16 || type == h5::Type::kFloat64;
}

constexpr const char* kPooledName = "line_pool";

}  // namespace

struct DumpReader::Impl {
  h5::File file;
  DumpAttributes attributes;
  DumpLayout layout = DumpLayout::kSentences;
  bool layered = true, pooled = false;
  int layers = 1;
  int dimension = 0;
  std::int64_t sentences = 0;
  std::int64_t first_line = 0;  // if the file is a part
  bool part = false;

  // Layout kMatrix:
  std::vector<std::int64_t> offsets;
  std::optional<h5::Dataset> vectors, words;
  // Layout kSentences:
  std::vector<std::string> names;  // empty: the names are line numbers
  bool has_map = false, has_places = false;
  // The text of each line, from the map; read on first use.
  mutable std::vector<std::string> texts;
  mutable bool texts_read = false;

  explicit Impl(const std::filesystem::path& path) : file(h5::File::open(path)) {
    for (const std::string& name : file.attribute_names()) {
      attributes.emplace(name, *file.attribute(name));
    }
    pooled = attributes.contains(kPooledName);
    if (const auto found = attributes.find("first_line"); found != attributes.end()) {
      const auto* number = std::get_if<std::int64_t>(&found->second);
      part = number != nullptr && *number >= 0;
      if (part) first_line = *number;
    }
    if (file.has_dataset("vectors") && file.has_dataset("offsets")) {
      open_matrix();
    } else {
      open_sentences();
    }
  }

  std::string path() const { return file.path().string(); }

  std::optional<std::string> text_attribute(const std::string& name) const {
    const auto found = attributes.find(name);
    if (found == attributes.end()) return std::nullopt;
    const auto* text = std::get_if<std::string>(&found->second);
    return text != nullptr ? std::optional(*text) : std::nullopt;
  }

  [[noreturn]] void damaged(const std::string& what) const {
    throw Error(fmt::format("{}: {}; the file is damaged, dump it again", path(), what));
  }

  [[noreturn]] void foreign() const {
    const auto format = text_attribute("format");
    throw Error(
        fmt::format("{}: holds no vectors of sentences{}; give a file that elmo dump or "
                    "AllenNLP's elmo command wrote",
                    path(), format ? fmt::format(" (it is an {})", *format) : ""));
  }

  // (layers, words, dimension) or (words, dimension). If there is one vector for each line, `words`
  // is 1.
  h5::Extents shape_of(const h5::Dataset& dataset) const {
    h5::Extents extents = dataset.extents();
    if (pooled && layout == DumpLayout::kSentences && !extents.empty()) {
      extents.insert(extents.end() - 1, 1);
    }
    return extents;
  }

  bool holds_vectors(const h5::Dataset& dataset) const {
    const std::size_t axes = shape_of(dataset).size();
    return is_float(dataset.type()) && (axes == 2 || axes == 3);
  }

  void set_shape(const h5::Extents& extents, std::size_t layer_axis) {
    layered = extents.size() == 3;
    const std::int64_t layer_count = layered ? extents[layer_axis] : 1;
    if (layer_count < 1 || layer_count > 1000 || extents.back() < 1 || extents.back() > 1 << 24) {
      damaged("the shape of its vectors makes no sense");
    }
    layers = static_cast<int>(layer_count);
    dimension = static_cast<int>(extents.back());
  }

  void open_matrix() {
    layout = DumpLayout::kMatrix;
    vectors = file.open_dataset("vectors");
    if (!holds_vectors(*vectors)) foreign();
    set_shape(vectors->extents(), 1);
    const h5::Dataset table = file.open_dataset("offsets");
    if (table.type() != h5::Type::kInt64 || table.extents().size() != 1 || table.elements() < 1) {
      foreign();
    }
    offsets.resize(static_cast<std::size_t>(table.elements()));
    table.read(h5::Type::kInt64, offsets.data());
    if (offsets.front() != 0 || offsets.back() != vectors->extents()[0] ||
        !std::is_sorted(offsets.begin(), offsets.end())) {
      damaged("its /offsets don't fit its /vectors");
    }
    sentences = static_cast<std::int64_t>(offsets.size()) - 1;
    if (file.has_dataset("words")) {
      words = file.open_dataset("words");
      if (words->type() != h5::Type::kString || words->extents() != h5::Extents{offsets.back()}) {
        damaged("its /words don't fit its /vectors");
      }
    }
  }

  void open_sentences() {
    has_map = file.has_dataset(kMapName) && file.open_dataset(kMapName).type() == h5::Type::kString;
    has_places =
        file.has_dataset(kPlacesName) && file.open_dataset(kPlacesName).type() == h5::Type::kInt64;
    sentences = file.link_count() - has_map - has_places;
    if (sentences == 0 && part) return;  // there were more parts than lines
    if (sentences < 1) foreign();
    if (!file.has_dataset(name_of(0)) || !file.has_dataset(name_of(sentences - 1))) read_names();
    const h5::Dataset first = open_sentence(0);
    if (!holds_vectors(first)) foreign();
    set_shape(shape_of(first), 0);
  }

  // The keys are sentences. In AllenNLP's files a "/" in a sentence makes a group.
  void read_names() {
    // elmo's other files also have datasets of two dimensions.
    if (attributes.contains("format")) foreign();
    names = file.dataset_names();
    std::erase_if(names, [&](const std::string& name) {
      return (has_map && name == kMapName) || (has_places && name == kPlacesName);
    });
    for (const std::string& name : names) {
      if (!holds_vectors(file.open_dataset(name))) foreign();
    }
    if (names.empty()) foreign();
    sentences = static_cast<std::int64_t>(names.size());
  }

  std::string name_of(std::int64_t i) const {
    return names.empty() ? std::to_string(first_line + i) : names[static_cast<std::size_t>(i)];
  }

  h5::Dataset open_sentence(std::int64_t i) const { return file.open_dataset(name_of(i)); }

  void check_index(std::int64_t i) const {
    if (i < 0 || i >= sentences) {
      throw Error(
          fmt::format("{}: has {} sentences, so there is no sentence {}", path(), sentences, i));
    }
  }

  std::int64_t rows_of(const h5::Dataset& dataset, std::int64_t i) const {
    const h5::Extents extents = shape_of(dataset);
    if (!holds_vectors(dataset) || (extents.size() == 3) != layered ||
        (layered && extents[0] != layers) || extents.back() != dimension) {
      damaged(fmt::format("the vectors of sentence {} have another shape than the first", i));
    }
    return extents[extents.size() - 2];
  }

  // The values, row-major, in the axis order of the dataset.
  std::vector<float> read_rows(const h5::Dataset& dataset, const h5::Extents& start,
                               const h5::Extents& count) const {
    std::size_t total = 1;
    for (const std::int64_t extent : count) total *= static_cast<std::size_t>(extent);
    std::vector<float> values(total);
    if (total == 0) return values;
    if (dataset.type() != h5::Type::kFloat16) {
      dataset.read_block(start, count, h5::Type::kFloat32, values.data());
      return values;
    }
    std::vector<std::uint16_t> halves(total);
    dataset.read_block(start, count, h5::Type::kFloat16, halves.data());
    half_to_float(halves.data(), values.data(), total);
    return values;
  }

  void read_texts() const {
    const h5::Dataset dataset = file.open_dataset(kMapName);
    if (dataset.extents() != h5::Extents{1}) damaged("its sentence_to_index is not one string");
    const std::string json = dataset.read_strings(0, 1).front();
    const nlohmann::json map = parse_json(json);
    if (!map.is_object()) damaged("its sentence_to_index is not a JSON object");
    std::vector<std::string> found(static_cast<std::size_t>(sentences));
    for (const auto& item : map.items()) {
      const std::string number = item.value().is_string() ? item.value().get<std::string>() : "";
      const std::int64_t line = number.empty() || number.size() > 18 ||
                                        number.find_first_not_of("0123456789") != std::string::npos
                                    ? -1
                                    : std::stoll(number) - first_line;
      if (line < 0 || line >= sentences) damaged("its sentence_to_index names a missing line");
      found[static_cast<std::size_t>(line)] = item.key();
    }
    texts = std::move(found);
    texts_read = true;
  }
};

bool is_dump(const h5::File& file) {
  return file.attribute("pooling") || file.has_dataset("0") ||
         file.has_dataset("sentence_to_index") ||
         (file.has_dataset("vectors") && file.has_dataset("offsets"));
}

DumpReader::DumpReader(const std::filesystem::path& path) : impl_(std::make_unique<Impl>(path)) {}
DumpReader::~DumpReader() = default;
DumpReader::DumpReader(DumpReader&&) noexcept = default;

DumpLayout DumpReader::layout() const { return impl_->layout; }
const std::filesystem::path& DumpReader::path() const { return impl_->file.path(); }
std::int64_t DumpReader::sentences() const { return impl_->sentences; }
bool DumpReader::layered() const { return impl_->layered; }
bool DumpReader::pooled() const { return impl_->pooled; }
int DumpReader::layers() const { return impl_->layers; }
int DumpReader::dimension() const { return impl_->dimension; }
const DumpAttributes& DumpReader::attributes() const { return impl_->attributes; }

std::optional<std::string> DumpReader::text_attribute(const std::string& name) const {
  return impl_->text_attribute(name);
}

std::vector<std::string> DumpReader::words(std::int64_t i) const {
  const Impl& d = *impl_;
  d.check_index(i);
  const auto index = static_cast<std::size_t>(i);
  if (d.layout == DumpLayout::kMatrix) {
    if (!d.words) return {};
    return d.words->read_strings(d.offsets[index], d.offsets[index + 1] - d.offsets[index]);
  }
  if (!d.names.empty()) return {d.names[index]};
  if (!d.has_map) return {};
  if (!d.texts_read) d.read_texts();
  if (d.texts[index].empty()) return {};
  return {d.texts[index]};
}

std::int64_t DumpReader::word_count(std::int64_t i) const {
  const Impl& d = *impl_;
  d.check_index(i);
  const auto index = static_cast<std::size_t>(i);
  if (d.layout == DumpLayout::kMatrix) return d.offsets[index + 1] - d.offsets[index];
  return d.rows_of(d.open_sentence(i), i);
}

std::vector<float> DumpReader::vectors(std::int64_t i) const {
  const Impl& d = *impl_;
  d.check_index(i);
  const auto index = static_cast<std::size_t>(i);
  if (d.layout == DumpLayout::kMatrix) {
    h5::Extents start(d.vectors->extents().size(), 0), count = d.vectors->extents();
    start[0] = d.offsets[index];
    count[0] = d.offsets[index + 1] - d.offsets[index];
    return d.read_rows(*d.vectors, start, count);
  }
  const h5::Dataset dataset = d.open_sentence(i);
  const auto words = static_cast<std::size_t>(d.rows_of(dataset, i));
  std::vector<float> stored =
      d.read_rows(dataset, h5::Extents(dataset.extents().size(), 0), dataset.extents());
  if (d.layers == 1) return stored;
  // From (layers, words, dimension) to (words, layers, dimension).
  const auto layers = static_cast<std::size_t>(d.layers);
  const auto dimension = static_cast<std::size_t>(d.dimension);
  std::vector<float> result(stored.size());
  for (std::size_t layer = 0; layer < layers; ++layer) {
    for (std::size_t word = 0; word < words; ++word) {
      std::copy_n(
          stored.begin() + static_cast<std::ptrdiff_t>((layer * words + word) * dimension),
          dimension,
          result.begin() + static_cast<std::ptrdiff_t>((word * layers + layer) * dimension));
    }
  }
  return result;
}

}  // namespace elmo
