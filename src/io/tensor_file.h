// Named arrays in an HDF5 file: our models, checkpoints and task files.
//
// Layout: root attributes `format` (string, such as "elmo language model"), `format_version`
// (int64) and `settings` (UTF-8 JSON), strings of fixed length (h5py shows them as bytes); datasets
// at any path ("/lstm_0/weights"), contiguous, little-endian, unfiltered; each with an attribute
// `xxh3` (uint64): XXH3-64 of its bytes. The attribute `settings_xxh3` guards the JSON. Strings of
// bytes (a vocabulary) are uint8 arrays. Nothing depends on time, host or path, so equal content
// gives equal datasets.
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

// What named arrays are given to, one after another.
class TensorSink {
 public:
  virtual ~TensorSink() = default;
  virtual void add(const std::string& name, const Shape& shape, std::span<const float> values) = 0;
  virtual void add_bytes(const std::string& name, std::string_view bytes) = 0;
};

class TensorFileWriter final : public TensorSink {
 public:
  // Opens a temporary file beside `path`; nothing is seen under `path` before commit().
  TensorFileWriter(const std::filesystem::path& path, const std::string& format,
                   std::int64_t version, const nlohmann::json& settings);
  ~TensorFileWriter() override;
  TensorFileWriter(TensorFileWriter&&) noexcept;

  // Throws Error on a write error (disk full: says so and how much was wanted).
  void add(const std::string& name, const Shape& shape, std::span<const float> values) override;
  void add(const std::string& name, const Shape& shape, std::span<const double> values);
  void add(const std::string& name, const Shape& shape, std::span<const std::int32_t> values);
  void add(const std::string& name, const Shape& shape, std::span<const std::uint64_t> values);
  void add_bytes(const std::string& name, std::string_view bytes) override;

  // Closes, syncs, renames.
  void commit();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

class TensorFileReader {
 public:
  // Throws Error: missing, a directory, not HDF5 (says what it looks like), truncated, another
  // format, a version newer than newest_version ("written by a newer elmo, update"), settings
  // that fail their checksum.
  TensorFileReader(const std::filesystem::path& path, const std::string& format,
                   std::int64_t newest_version);
  ~TensorFileReader();
  TensorFileReader(TensorFileReader&&) noexcept;

  const nlohmann::json& settings() const;
  const std::filesystem::path& path() const;
  bool has(const std::string& name) const;
  std::vector<std::string> names() const;  // sorted full paths of all datasets
  // The claimed shape, without reading. Never allocates by it.
  Shape shape(const std::string& name) const;
  std::string type_name(const std::string& name) const;  // "float32"

  // Reads into caller's memory of exactly that shape and verifies the checksum. Throws Error:
  // missing, other shape or type (expected and found), checksum ("... is damaged ...").
  void read(const std::string& name, const Shape& shape, std::span<float> values) const;
  void read(const std::string& name, const Shape& shape, std::span<double> values) const;
  void read(const std::string& name, const Shape& shape, std::span<std::int32_t> values) const;
  void read(const std::string& name, const Shape& shape, std::span<std::uint64_t> values) const;
  // Refuses NaN and infinite values too.
  void read_finite(const std::string& name, const Shape& shape, std::span<float> values) const;
  // Throws Error if all datasets together hold fewer numbers than this, or claim more bytes than
  // the file has (one twice, say): before memory is taken for what settings claim.
  void check_size(double numbers) const;
  // At most max_bytes, else Error.
  std::string read_bytes(const std::string& name, std::uint64_t max_bytes = 1u << 30) const;

  // Hash over settings, names, types, shapes and checksums (of the attributes, not read again):
  // identifies the model in dumps and task files. Equal content, equal hash.
  std::uint64_t content_hash() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace elmo
