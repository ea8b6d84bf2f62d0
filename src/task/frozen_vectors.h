// ELMo's vectors of a data set. Training does not change them, so they are computed or read once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/scratch.h"
#include "compute/workers.h"
#include "embed/bidirectional_model.h"
#include "io/dump_file.h"
#include "task/data_set.h"

namespace elmo::task {

// Stores vectors in half precision, row-major (words, layers, dimension), for the words of all
// examples one after another. Up to 1 GiB is kept in memory, more in a temporary file in `folder`.
// `source` names the origin of the vectors in messages.
class FrozenVectors {
 public:
  FrozenVectors(std::int64_t words, std::int64_t layers, std::int64_t dimension,
                const std::filesystem::path& folder, std::string source);

  std::int64_t layers() const { return layers_; }
  std::int64_t dimension() const { return dimension_; }
  // Stores or loads the vectors of `count` words, starting at word `first`. write() throws Error
  // for values beyond the range of half precision.
  void write(std::int64_t first, std::int64_t count, const float* values);
  void read(std::int64_t first, std::int64_t count, float* values) const;

 private:
  std::string source_;
  std::int64_t layers_, dimension_;
  ScratchMemory memory_;
};

struct VectorOptions {
  Pooling pooling = Pooling::kBoundary;
  // The layers to keep, in ascending order; empty: all.
  std::vector<int> layers;
  // Normalise each layer of a sentence to mean 0 and variance 1 (nn/scalar_mix.h).
  bool layer_norm = false;
};

// Computes the vectors of all words with a language model. Throws Interrupted, and UsageError for a
// layer that the model does not have.
std::unique_ptr<FrozenVectors> embed_data(std::shared_ptr<const BidirectionalModel> model,
                                          const VectorOptions& options, const DataSet& data,
                                          const std::filesystem::path& folder, Workers& workers);
// Reads the vectors from a dump whose sentence i is example i. Throws Error if they do not match,
// naming the first example that is missing or has other words.
std::unique_ptr<FrozenVectors> read_data_vectors(const DumpReader& dump, const std::string& path,
                                                 const VectorOptions& options, const DataSet& data,
                                                 const std::filesystem::path& folder);
// `layers`, or all of the `available` ones if it is empty. Throws UsageError for one that does not
// exist.
std::vector<int> choose_layers(const std::vector<int>& layers, int available);

}  // namespace elmo::task
