// Named arrays in an HDF5 file: elmo's models, checkpoints and task files.
//
// Layout: the root has the attributes `format` (such as "elmo language model"), `format_version`
// (int64), `settings` (UTF-8 JSON) and `settings_xxh3` (uint64, the checksum of the JSON). Strings
// have fixed length, so h5py shows them as bytes. Datasets may have any path ("/lstm_0/weights");
// they are contiguous, little-endian and unfiltered, and each has an attribute `xxh3` (uint64), the
// XXH3-64 of its bytes. Byte strings (a vocabulary) are uint8 arrays. Nothing depends on time, host
// or path, so equal content gives equal datasets.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

namespace elmo {

using Shape = std::vector<std::int64_t>;
std::string to_string(const Shape& shape);  // "(2, 128)"
std::int64_t elements(const Shape& shape);

// Receives named arrays, one after another.
class TensorSink {
 public:
  virtual ~TensorSink() = default;
  virtual void add(const std::string& name, const Shape& shape, std::span<const float> values) = 0;
  virtual void add_bytes(const std::string& name, std::string_view bytes) = 0;
};

class TensorFileWriter final : public TensorSink {
 public:
  // Writes to a temporary file beside `path`; nothing appears under `path` before commit().
  TensorFileWriter(const std::filesystem::path& path, const std::string& format,
                   std::int64_t version, const nlohmann::json& settings);
  ~TensorFileWriter() override;
  TensorFileWriter(TensorFileWriter&&) noexcept;

  // Throws Error if writing fails (a full disk: with the number of bytes needed).
  void add(const std::string& name, const Shape& shape, std::span<const float> values) override;
  void add(const std::string& name, const Shape& shape, std::span<const double> values);
  void add(const std::string& name, const Shape& shape, std::span<const std::int32_t> values);
  void add(const std::string& name, const Shape& shape, std::span<const std::uint64_t> values);
  void add_bytes(const std::string& name, std::string_view bytes) override;

  // Closes, syncs and renames.
  void commit();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

class TensorFileReader {
 public:
  // Throws Error if the file is missing, a folder, truncated, not HDF5 (saying what it looks like),
  // or of another format, if its version is newer than newest_version ("written by a newer elmo,
  // update"), or if its settings fail their checksum.
  TensorFileReader(const std::filesystem::path& path, const std::string& format,
                   std::int64_t newest_version);
  ~TensorFileReader();
  TensorFileReader(TensorFileReader&&) noexcept;

  const nlohmann::json& settings() const;
  const std::filesystem::path& path() const;
  bool has(const std::string& name) const;
  std::vector<std::string> names() const;  // sorted full paths of all datasets
  // The shape that the file claims. No data are read and no memory is allocated for them.
  Shape shape(const std::string& name) const;
  std::string type_name(const std::string& name) const;  // "float32"

  // Reads into the caller's memory and verifies the checksum. Throws Error if the array is missing,
  // has another shape or type (naming both), or is damaged.
  void read(const std::string& name, const Shape& shape, std::span<float> values) const;
  void read(const std::string& name, const Shape& shape, std::span<double> values) const;
  void read(const std::string& name, const Shape& shape, std::span<std::int32_t> values) const;
  void read(const std::string& name, const Shape& shape, std::span<std::uint64_t> values) const;
  // Also throws Error for NaN and infinite values.
  void read_finite(const std::string& name, const Shape& shape, std::span<float> values) const;
  // Throws Error if all datasets together hold fewer numbers than this, or claim more bytes than
  // the file has (for example, by sharing them). Call it before memory is allocated for sizes from
  // the settings.
  void check_size(double numbers) const;
  // Throws Error for more than max_bytes.
  std::string read_bytes(const std::string& name, std::uint64_t max_bytes = 1u << 30) const;

  // Hash of the settings and of the names, types, shapes and stored checksums of all arrays.
  // Identifies the model in dumps and task files: equal content gives an equal hash.
  std::uint64_t content_hash() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace elmo
