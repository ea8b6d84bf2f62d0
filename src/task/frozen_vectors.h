// The vectors of a data set that do not learn: made or read once, then kept.
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

// Row-major (words, layers, dimension) in half precision: of examples one after another. Up to a
// GiB lies in memory, more in a working file in `folder`. `source`: where they are from, for
// messages.
class FrozenVectors {
 public:
  FrozenVectors(std::int64_t words, std::int64_t layers, std::int64_t dimension,
                const std::filesystem::path& folder, std::string source);

  std::int64_t layers() const { return layers_; }
  std::int64_t dimension() const { return dimension_; }
  // `count` words from word `first` on. Throws Error for numbers that half precision can't hold.
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

// The vectors of all words by a language model. Throws Interrupted, UsageError for a layer that it
// has not.
std::unique_ptr<FrozenVectors> embed_data(std::shared_ptr<const BidirectionalModel> model,
                                          const VectorOptions& options, const DataSet& data,
                                          const std::filesystem::path& folder, Workers& workers);
// The same from a dump whose sentence i is example i. Throws Error where they do not fit: it
// names the first example that is missing or has other words.
std::unique_ptr<FrozenVectors> read_data_vectors(const DumpReader& dump, const std::string& path,
                                                 const VectorOptions& options, const DataSet& data,
                                                 const std::filesystem::path& folder);
// Checks `layers` against how many there are; empty becomes all. Throws UsageError.
std::vector<int> choose_layers(const std::vector<int>& layers, int available);

}  // namespace elmo::task
