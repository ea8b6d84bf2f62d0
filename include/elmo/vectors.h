// Reading a dump sentence by sentence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "elmo/export.h"
#include "elmo/model.h"

namespace elmo {

// A file written by `elmo dump` in either layout, or by AllenNLP's elmo command. Thread-safe; but
// HDF5 is not, and calls to it take turns only within this library: a program that also calls HDF5
// directly must not do so at the same time.
class ELMO_API VectorFile {
 public:
  // Throws Error if the file is missing, damaged, or not a dump.
  explicit VectorFile(const std::string& path);
  VectorFile(VectorFile&&) noexcept;
  VectorFile& operator=(VectorFile&&) noexcept;
  ~VectorFile();

  std::size_t sentences() const;
  int layers() const;  // 1 if there is no layer axis
  int dimension() const;
  bool layered() const;  // is there a layer axis?
  // The attributes of the file's root, which say what made the vectors: model, layers, pooling,
  // precision, split, version and more. Empty for AllenNLP's files.
  using Attribute = std::variant<std::string, std::int64_t, std::uint64_t, double>;
  const std::map<std::string, Attribute>& attributes() const;

  // The vectors of sentence i, (layers, words, dimension) in float32. Throws Error if there is no
  // such sentence.
  WordVectors vectors(std::size_t i) const;
  // The words of sentence i, if the file holds them. The matrix layout always does; the sentences
  // layout only in its map, which holds the last of equal sentences.
  std::optional<std::vector<std::string>> words(std::size_t i) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace elmo
