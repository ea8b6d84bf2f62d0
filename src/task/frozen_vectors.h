// ELMo's vectors of a data set, which training does not change: computed or read once, then kept.
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

// Row-major (words, layers, dimension) in half precision, the words of all examples one after
// another. Up to 1 GiB is kept in memory, more in a temporary file in `folder`. `source` names
// where the vectors come from in messages.
class FrozenVectors {
 public:
  FrozenVectors(std::int64_t words, std::int64_t layers, std::int64_t dimension,
                const std::filesystem::path& folder, std::string source);

  std::int64_t layers() const { return layers_; }
  std::int64_t dimension() const { return dimension_; }
  // Stores or loads `count` words from word `first` on. write() throws Error for values beyond the
  // range of half precision.
  void write(std::int64_t first, std::int64_t count, const float* values);
  void read(std::int64_t first, std::int64_t count, float* values) const;

 private:
  std::string source_;
  std::int64_t layers_, dimension_;
  ScratchMemory memory_;
};

struct VectorOptions {
  Pooling pooling = Pooling::kBoundary;
  // The layers to keep, rising; empty: all.
  std::vector<int> layers;
  // Each layer of a sentence brought to mean 0 and variance 1 (nn/scalar_mix.h).
  bool layer_norm = false;
};

// Computes the vectors of all words with a language model. Throws Interrupted, and UsageError for a
// layer that the model does not have.
std::unique_ptr<FrozenVectors> embed_data(std::shared_ptr<const BidirectionalModel> model,
                                          const VectorOptions& options, const DataSet& data,
                                          const std::filesystem::path& folder, Workers& workers);
// Reads the same from a dump whose sentence i is example i. Throws Error if they do not match; it
// names the first example that is missing or has other words.
std::unique_ptr<FrozenVectors> read_data_vectors(const DumpReader& dump, const std::string& path,
                                                 const VectorOptions& options, const DataSet& data,
                                                 const std::filesystem::path& folder);
// `layers`, or all of the `available` ones if it is empty. Throws UsageError for one that does not
// exist.
std::vector<int> choose_layers(const std::vector<int>& layers, int available);

}  // namespace elmo::task
