// The vectors of a dump, sentence by sentence.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "elmo/model.h"

namespace elmo {

// A file that `elmo dump` wrote in either layout, or AllenNLP's elmo command. HDF5 bears one
// thread at a time, whatever the file.
class VectorFile {
 public:
  // Throws Error: missing, damaged, or it holds something else.
  explicit VectorFile(const std::string& path);
  VectorFile(VectorFile&&) noexcept;
  VectorFile& operator=(VectorFile&&) noexcept;
  ~VectorFile();

  std::size_t sentences() const;
  int layers() const;  // 1 where there is no layer axis
  int dimension() const;

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
