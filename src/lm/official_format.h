// ELMo weights in the official format: options.json and a file of HDF5 datasets, as AllenNLP,
// bilm-tf and simple_elmo share them.
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

// Both directions and the token encoder that they share. There is no softmax in the format.
struct OfficialModel {
  int layers = 0;
  int hidden = 0;      // "dim"
  int projection = 0;  // "projection_dim"
  float cell_clip = 0, projection_clip = 0;
  bool skip_connections = false;

  // One of the two.
  std::unique_ptr<CharacterEncoder> characters;
  std::unique_ptr<EmbeddingLayer> words;  // row i: word i of the vocabulary

  std::vector<LstmLayer> directions[2];  // forward, backward
  // Was read from datasets without MultiRNNCell/Cell0 in their names, which only bilm-tf's training
  // of a single layer writes; write_official() takes the names that all can read.
  bool bare_cell = false;

  std::uint64_t content_hash = 0;  // of the numbers read
};

// options.json (or a name with "options" in it) and the file beside it that ends in .hdf5.
struct OfficialFiles {
  std::filesystem::path options, weights;
};
// Nothing where a folder does not hold both.
std::optional<OfficialFiles> find_official(const std::filesystem::path& folder);

// Reads and checks everything: throws Error, one sentence with the file and what is wrong, for
// options that are not ELMo's, a dataset that is missing, misshapen, of another type or with
// numbers that are not finite, weights larger than their file, another program's model
// (ELMoForManyLangs). Unknown options and datasets are passed over.
OfficialModel read_official(const std::filesystem::path& options,
                            const std::filesystem::path& weights);

// Writes FOLDER/options.json, FOLDER/model.hdf5 and, of a vocabulary that is not empty,
// FOLDER/vocab.txt. Throws Error: folder or disk.
void write_official(OfficialModel& model, std::string_view vocabulary,
                    const std::filesystem::path& folder);

}  // namespace elmo
