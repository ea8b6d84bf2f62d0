#include "io/tensor_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/json.h"
#include "elmo/error.h"
#include "io/file_kind.h"
#include "io/hdf5.h"

namespace elmo {
namespace {

constexpr const char* kChecksum = "xxh3";

std::string quoted(const std::string& name) { return fmt::format("dataset {}", name); }

// The name without a leading slash, which HDF5 ignores.
std::string bare(const std::string& name) { return name.starts_with('/') ? name.substr(1) : name; }

std::string full(const std::string& name) { return "/" + bare(name); }

template <typename T>
constexpr h5::Type type_for() {
  if constexpr (std::is_same_v<T, float>) return h5::Type::kFloat32;
  if constexpr (std::is_same_v<T, double>) return h5::Type::kFloat64;
  if constexpr (std::is_same_v<T, std::int32_t>) return h5::Type::kInt32;
  if constexpr (std::is_same_v<T, std::uint64_t>) return h5::Type::kUint64;
  if constexpr (std::is_same_v<T, char>) return h5::Type::kUint8;
}

}  // namespace

std::int64_t elements(const Shape& shape) {
  std::int64_t product = 1;
  for (const std::int64_t extent : shape) product *= extent;
  return product;
}

std::string to_string(const Shape& shape) {
  if (shape.size() == 1) return fmt::format("({},)", shape[0]);
  return fmt::format("({})", fmt::join(shape, ", "));
}

struct TensorFileWriter::Impl {
  PendingFile pending;
  h5::File file;

  explicit Impl(const std::filesystem::path& path)
      : pending(path),
        file(h5::File::create(pending.temporary_path(), path, {.checksums = true})) {}

  template <typename T>
  void add(const std::string& name, const Shape& shape, std::span<const T> values) {
    if (elements(shape) != static_cast<std::int64_t>(values.size())) {
      throw Error(fmt::format("{}: {} of shape {} was given {} values", path(), quoted(name),
                              to_string(shape), values.size()));
    }
    h5::Dataset dataset = file.create_dataset(bare(name), type_for<T>(), shape);
    dataset.write(values.data());
    dataset.set_attribute(kChecksum,
                          std::uint64_t{XXH3_64bits(values.data(), values.size_bytes())});
  }
  std::string path() const { return pending.final_path().string(); }
};

TensorFileWriter::TensorFileWriter(const std::filesystem::path& path, const std::string& format,
                                   std::int64_t version, const nlohmann::json& settings)
    : impl_(std::make_unique<Impl>(path)) {
  const std::string text = settings.dump();
  impl_->file.set_attribute("format", format);
  impl_->file.set_attribute("format_version", version);
  impl_->file.set_attribute("settings", text);
  impl_->file.set_attribute("settings_xxh3", std::uint64_t{XXH3_64bits(text.data(), text.size())});
}

TensorFileWriter::~TensorFileWriter() = default;
TensorFileWriter::TensorFileWriter(TensorFileWriter&&) noexcept = default;

void TensorFileWriter::add(const std::string& name, const Shape& shape,
                           std::span<const float> values) {
  impl_->add(name, shape, values);
}
void TensorFileWriter::add(const std::string& name, const Shape& shape,
                           std::span<const double> values) {
  impl_->add(name, shape, values);
}
void TensorFileWriter::add(const std::string& name, const Shape& shape,
                           std::span<const std::int32_t> values) {
  impl_->add(name, shape, values);
}
void TensorFileWriter::add(const std::string& name, const Shape& shape,
                           std::span<const std::uint64_t> values) {
  impl_->add(name, shape, values);
}
void TensorFileWriter::add_bytes(const std::string& name, std::string_view bytes) {
  impl_->add(name, {static_cast<std::int64_t>(bytes.size())}, std::span<const char>(bytes));
}

void TensorFileWriter::commit() {
  impl_->file.close();
  impl_->pending.commit();
}

struct TensorFileReader::Impl {
  h5::File file;
  nlohmann::json settings;
  std::string settings_text;

  explicit Impl(const std::filesystem::path& path) : file(h5::File::open(path)) {}

  std::string path() const { return file.path().string(); }

  template <typename T>
  std::optional<T> root(const std::string& name) const {
    const auto value = file.attribute(name);
    if (!value) return std::nullopt;
    if (const T* found = std::get_if<T>(&*value)) return *found;
    return std::nullopt;
  }

  h5::Dataset open(const std::string& name) const {
    if (!file.has_dataset(bare(name))) {
      throw Error(fmt::format("{}: {} is missing; the file is of another kind or damaged", path(),
                              quoted(name)));
    }
    return file.open_dataset(bare(name));
  }

  std::uint64_t checksum(const h5::Dataset& dataset, const std::string& name) const {
    const auto value = dataset.attribute(kChecksum);
    const auto* checksum = value ? std::get_if<std::uint64_t>(&*value) : nullptr;
    if (checksum == nullptr) {
      throw Error(fmt::format("{}: {} has no checksum; the file was changed by another program",
                              path(), quoted(name)));
    }
    return *checksum;
  }

  void check_checksum(const h5::Dataset& dataset, const std::string& name, const void* data,
                      std::size_t bytes) const {
    if (XXH3_64bits(data, bytes) != checksum(dataset, name)) {
      throw Error(
          fmt::format("{}: {} is damaged (its checksum does not fit); restore the file "
                      "from a copy or make it again",
                      path(), quoted(name)));
    }
  }

  void check_type(const h5::Dataset& dataset, const std::string& name, h5::Type expected) const {
    if (dataset.type() != expected) {
      throw Error(fmt::format("{}: {} holds {}, expected {}", path(), quoted(name),
                              h5::to_string(dataset.type()), h5::to_string(expected)));
    }
  }

  template <typename T>
  void read(const std::string& name, const Shape& shape, std::span<T> values) const {
    if (elements(shape) != static_cast<std::int64_t>(values.size())) {
      throw Error(fmt::format("{}: {} of shape {} was asked into {} values", path(), quoted(name),
                              to_string(shape), values.size()));
    }
    const h5::Dataset dataset = open(name);
    check_type(dataset, name, type_for<T>());
    if (dataset.extents() != shape) {
      throw Error(fmt::format("{}: {} has shape {}, expected {}", path(), quoted(name),
                              to_string(dataset.extents()), to_string(shape)));
    }
    dataset.read(type_for<T>(), values.data());
    check_checksum(dataset, name, values.data(), values.size_bytes());
  }
};

TensorFileReader::TensorFileReader(const std::filesystem::path& path, const std::string& format,
                                   std::int64_t newest_version)
    : impl_(std::make_unique<Impl>(path)) {
  const auto found = impl_->root<std::string>("format");
  if (!found) {
    throw Error(fmt::format("{}: {}; expected an {}", impl_->path(), hdf5_kind(path), format));
  }
  if (*found != format) {
    throw Error(fmt::format("{}: is an {}, expected an {}", impl_->path(), *found, format));
  }
  const auto version = impl_->root<std::int64_t>("format_version");
  if (!version) {
    throw Error(fmt::format("{}: has no format version; the file is damaged", impl_->path()));
  }
  if (*version > newest_version) {
    throw Error(
        fmt::format("{}: was written by a newer elmo (format version {}, this one reads up "
                    "to {}); update elmo",
                    impl_->path(), *version, newest_version));
  }
  const auto text = impl_->root<std::string>("settings");
  const auto checksum = impl_->root<std::uint64_t>("settings_xxh3");
  if (!text || !checksum || XXH3_64bits(text->data(), text->size()) != *checksum) {
    throw Error(
        fmt::format("{}: its settings are damaged (their checksum does not fit); restore "
                    "the file from a copy or make it again",
                    impl_->path()));
  }
  impl_->settings = parse_json(*text);
  if (impl_->settings.is_discarded()) {
    throw Error(
        fmt::format("{}: its settings are not JSON, or are nested too deeply; make the file again",
                    impl_->path()));
  }
  impl_->settings_text = *text;
}

TensorFileReader::~TensorFileReader() = default;
TensorFileReader::TensorFileReader(TensorFileReader&&) noexcept = default;

const nlohmann::json& TensorFileReader::settings() const { return impl_->settings; }
const std::filesystem::path& TensorFileReader::path() const { return impl_->file.path(); }

bool TensorFileReader::has(const std::string& name) const {
  return impl_->file.has_dataset(bare(name));
}

std::vector<std::string> TensorFileReader::names() const {
  std::vector<std::string> names = impl_->file.dataset_names();
  for (std::string& name : names) name = full(name);
  std::sort(names.begin(), names.end());
  return names;
}

Shape TensorFileReader::shape(const std::string& name) const { return impl_->open(name).extents(); }

std::string TensorFileReader::type_name(const std::string& name) const {
  return h5::to_string(impl_->open(name).type());
}

void TensorFileReader::read(const std::string& name, const Shape& shape,
                            std::span<float> values) const {
  impl_->read(name, shape, values);
}
void TensorFileReader::read(const std::string& name, const Shape& shape,
                            std::span<double> values) const {
  impl_->read(name, shape, values);
}
void TensorFileReader::read(const std::string& name, const Shape& shape,
                            std::span<std::int32_t> values) const {
  impl_->read(name, shape, values);
}
void TensorFileReader::read(const std::string& name, const Shape& shape,
                            std::span<std::uint64_t> values) const {
  impl_->read(name, shape, values);
}

void TensorFileReader::read_finite(const std::string& name, const Shape& shape,
                                   std::span<float> values) const {
  impl_->read(name, shape, values);
  for (const float value : values) {
    if (std::isfinite(value)) continue;
    throw Error(
        fmt::format("{}: {} holds {}, so it can't be used; restore the file from a copy or "
                    "make it again",
                    impl_->path(), quoted(name), value));
  }
}

void TensorFileReader::check_size(double numbers) const {
  double held = 0, bytes = 0;
  for (const std::string& name : impl_->file.dataset_names()) {
    const h5::Dataset dataset = impl_->file.open_dataset(name);
    const auto elements = static_cast<double>(dataset.elements());
    held += elements;
    bytes += elements * static_cast<double>(h5::size_of(dataset.type()));
  }
  if (numbers > held || bytes > static_cast<double>(impl_->file.size())) {
    throw Error(
        fmt::format("{}: holds {:.0f} numbers in {} bytes, its settings speak of {:.0f}; "
                    "the file is damaged, make it again",
                    impl_->path(), held, impl_->file.size(), numbers));
  }
}

std::string TensorFileReader::read_bytes(const std::string& name, std::uint64_t max_bytes) const {
  const h5::Dataset dataset = impl_->open(name);
  impl_->check_type(dataset, name, h5::Type::kUint8);
  const std::int64_t bytes = dataset.elements();
  if (static_cast<std::uint64_t>(bytes) > max_bytes) {
    throw Error(fmt::format("{}: {} claims {} bytes, at most {} are expected; the file is damaged",
                            impl_->path(), quoted(name), bytes, max_bytes));
  }
  std::string result(static_cast<std::size_t>(bytes), '\0');
  dataset.read(h5::Type::kUint8, result.data());
  impl_->check_checksum(dataset, name, result.data(), result.size());
  return result;
}

std::uint64_t TensorFileReader::content_hash() const {
  std::string summary = impl_->settings_text;
  for (const std::string& name : names()) {
    const h5::Dataset dataset = impl_->open(name);
    summary += fmt::format("\n{} {} {} {:016x}", name, h5::to_string(dataset.type()),
                           to_string(dataset.extents()), impl_->checksum(dataset, name));
  }
  return XXH3_64bits(summary.data(), summary.size());
}

}  // namespace elmo
