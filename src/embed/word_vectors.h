// Vectors and words of sentences as the public headers have them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "elmo/model.h"
#include "io/dump_file.h"

namespace elmo {

// From (words, layers, dimension), as the embedder and dumps have vectors.
WordVectors layers_first(const std::vector<float>& vectors, int layers, int dimension,
                         bool layered);

// The words of sentence i of a dump, as they were cut, or with one vector a line the line; nothing
// where the dump does not know them (the sentences layout without map, or with --words).
std::optional<std::vector<std::string>> dumped_words(const DumpReader& dump, std::int64_t i);

}  // namespace elmo
