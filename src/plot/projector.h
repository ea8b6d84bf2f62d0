// Tables for TensorBoard's embedding projector.
#pragma once

#include <filesystem>

#include "io/dump_file.h"

namespace elmo {

// Writes vectors.tsv and metadata.tsv (columns word, sentence, index) into `folder`, which is
// created if necessary: one row per word, a word's layers side by side. Throws Error.
void write_projector(const DumpReader& dump, const std::filesystem::path& folder);

}  // namespace elmo
