// A data set prepared for a network, prediction and evaluation.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "compute/workers.h"
#include "task/data_set.h"
#include "task/frozen_vectors.h"
#include "task/metrics.h"
#include "task/network.h"

namespace elmo::task {

class Data {
 public:
  // `vectors` is null if the network takes none. Labels may be missing.
  Data(DataSet data, std::shared_ptr<const FrozenVectors> vectors, const LabelSet& labels,
       const Vocabulary& vocabulary);

  const DataSet& data() const { return data_; }
  std::int64_t examples() const { return static_cast<std::int64_t>(data_.examples.size()); }
  std::int64_t length(std::int64_t example) const {
    return static_cast<std::int64_t>(
        data_.examples[static_cast<std::size_t>(example)].words.size());
  }
  // How many labels the task does not know.
  std::int64_t unknown_labels() const;
  Batch batch(std::span<const std::uint32_t> examples) const;

 private:
  DataSet data_;
  std::shared_ptr<const FrozenVectors> vectors_;
  std::vector<std::int64_t> first_word_;  // of each example
  std::vector<std::int32_t> words_, ends_, targets_;
};

// For each example one prediction, or one for each word. `between_batches` is called on the
// caller's thread; an exception that it throws ends the work.
std::vector<std::vector<Prediction>> predict(Network& network, const Data& data, Workers& workers,
                                             const std::function<void()>& between_batches = {});

struct Evaluation {
  Confusion confusion;                   // the task's labels, then unknown labels of the data
  std::optional<EntityScores> entities;  // BIO data
  std::int64_t examples = 0;
  std::int64_t unknown_labels = 0;
  std::vector<std::uint8_t> right;  // of each text or word

  // What training selects by: F1 of entities, else accuracy.
  double selection() const;
};
Evaluation evaluate(Network& network, const Data& data, Workers& workers,
                    const std::function<void()>& between_batches = {});

// Accuracy by how far a text's label lies from what decides it: distances[i] of example i, as
// read_distances() gives them of `path`. recall() is the accuracy, `actual` the number of texts.
// Throws Error that names `path` where there is another number of them.
std::map<std::int64_t, Score> scores_by_distance(const std::string& path,
                                                 const std::vector<std::int64_t>& distances,
                                                 const Evaluation& evaluation);

}  // namespace elmo::task
