// The occurrences of a word in a dump, on a plane and in tables for other programs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "io/dump_file.h"

namespace elmo {

struct WordMap {
  struct Occurrence {
    double x, y;
    std::string context;  // a few words before and after, the word itself in brackets
  };
  std::vector<Occurrence> occurrences;
  double shares[2];  // of the variance, along x and y
};

// The first `count` occurrences of `word` at `layer` (-1: the last) of a dump, projected on their
// first two principal components. Throws Error: the word occurs less than three times, or there is
// no such layer.
WordMap map_word(const DumpReader& dump, std::string_view word, int layer, std::size_t count);

// vectors.tsv and metadata.tsv (columns word, sentence, index) for TensorBoard's embedding
// projector: one row a word, the layers of a word side by side.
void write_projector(const DumpReader& dump, const std::filesystem::path& folder);

}  // namespace elmo
