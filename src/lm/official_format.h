// ELMo weights in the official format: options.json and an HDF5 file, as AllenNLP, bilm-tf and
// simple_elmo use them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "nn/character_encoder.h"
#include "nn/embedding.h"
#include "nn/lstm.h"

namespace elmo {

// Both directions and the token encoder that they share. The format has no softmax.
struct OfficialModel {
  int layers = 0;
  int hidden = 0;      // "dim"
  int projection = 0;  // "projection_dim"
  float cell_clip = 0, projection_clip = 0;
  bool skip_connections = false;

  // One of the two is set.
  std::unique_ptr<CharacterEncoder> characters;
  std::unique_ptr<EmbeddingLayer> words;  // row i: word i of the vocabulary

  std::vector<LstmLayer> directions[2];  // forward, backward
  // Was read from datasets without MultiRNNCell/Cell0 in their names, which bilm-tf writes only for
  // a single layer. write_official() writes the names that all programs can read.
  bool bare_cell = false;

  std::uint64_t content_hash = 0;  // of the values read
};

// options.json (or a file with "options" in its name) and the file beside it that ends in .hdf5.
struct OfficialFiles {
  std::filesystem::path options, weights;
};
// Empty if the folder does not have both.
std::optional<OfficialFiles> find_official(const std::filesystem::path& folder);

// Reads and checks everything. Throws Error naming the file for options that are not ELMo's, for a
// dataset that is missing or has a wrong shape, another type or values that are not finite, for
// sizes beyond what the file holds, and for another program's model (ELMoForManyLangs). Unknown
// options and datasets are ignored.
OfficialModel read_official(const std::filesystem::path& options,
                            const std::filesystem::path& weights);

// Writes FOLDER/options.json, FOLDER/model.hdf5 and, if `vocabulary` is not empty,
// FOLDER/vocab.txt. Throws Error if they can't be written.
void write_official(OfficialModel& model, std::string_view vocabulary,
                    const std::filesystem::path& folder);

}  // namespace elmo
