// Tables for TensorBoard's embedding projector.
#pragma once

#include <filesystem>

#include "io/dump_file.h"

namespace elmo {

// vectors.tsv and metadata.tsv (columns word, sentence, index): one row a word, the layers of a
// word side by side.
void write_projector(const DumpReader& dump, const std::filesystem::path& folder);

}  // namespace elmo
