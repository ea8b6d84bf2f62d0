// The vectors of a dump, sentence by sentence.
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

// A file that `elmo dump` wrote in either layout, or AllenNLP's elmo command. Any number of threads
// may read any number of files; they take turns at HDF5, which bears one, so a program that calls
// HDF5 itself must not do so meanwhile.
class ELMO_API VectorFile {
 public:
  // Throws Error: missing, damaged, or it holds something else.
  explicit VectorFile(const std::string& path);
  VectorFile(VectorFile&&) noexcept;
  VectorFile& operator=(VectorFile&&) noexcept;
  ~VectorFile();

  std::size_t sentences() const;
  int layers() const;  // 1 where there is no layer axis
  int dimension() const;
  bool layered() const;  // is there a layer axis?
  // What made the vectors, as the file's root has it: model, layers, pooling, precision, split,
  // version and more; empty of AllenNLP's files.
  using Attribute = std::variant<std::string, std::int64_t, std::uint64_t, double>;
  const std::map<std::string, Attribute>& attributes() const;

  // (layers, words, dimension) of sentence i, in float32. Throws Error beyond the last.
  WordVectors vectors(std::size_t i) const;
  // The words of sentence i, where the file knows them all: the matrix layout does; the sentences
  // layout only through its map, which holds the last of equal sentences.
  std::optional<std::vector<std::string>> words(std::size_t i) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace elmo
