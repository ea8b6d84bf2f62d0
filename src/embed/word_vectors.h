// Converts vectors and words of sentences to the types of the public headers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "elmo/model.h"
#include "io/dump_file.h"

namespace elmo {

// Converts from (words, layers, dimension), the order of the embedder and of dumps.
WordVectors layers_first(const std::vector<float>& vectors, int layers, int dimension,
                         bool layered);

// The words of sentence i of a dump, or the whole line if there is one vector for each line.
// nullopt if the dump does not know them (the sentences layout without a map, or with --words).
std::optional<std::vector<std::string>> dumped_words(const DumpReader& dump, std::int64_t i);

}  // namespace elmo
