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
  // The number of labels that the task does not know.
  std::int64_t unknown_labels() const;
  Batch batch(std::span<const std::uint32_t> examples) const;

 private:
  DataSet data_;
  std::shared_ptr<const FrozenVectors> vectors_;
  std::vector<std::int64_t> first_word_;  // of each example
  std::vector<std::int32_t> words_, ends_, targets_;
};

// Returns one prediction for each text, or one for each word. `between_batches` is called on the
// calling thread; if it throws, the work ends with that exception.
std::vector<std::vector<Prediction>> predict(Network& network, const Data& data, Workers& workers,
                                             const std::function<void()>& between_batches = {});

struct Evaluation {
  Confusion confusion;                   // the task's labels, then unknown labels of the data
  std::optional<EntityScores> entities;  // of data with BIO tags
  std::int64_t examples = 0;
  std::int64_t unknown_labels = 0;
  std::vector<std::uint8_t> right;  // 1 if the prediction is right, for each text or word

  // The score by which training selects the best epoch: F1 of the entities for BIO tags, otherwise
  // accuracy.
  double selection() const;
};
Evaluation evaluate(Network& network, const Data& data, Workers& workers,
                    const std::function<void()>& between_batches = {});

// Accuracy by the distance between a text's label and the word that decides it: distances[i] is
// that of example i, read from `path` by read_distances(). In each score recall() is the accuracy
// and `actual` the number of texts. Throws Error naming `path` if the numbers of distances and
// examples differ.
std::map<std::int64_t, Score> scores_by_distance(const std::string& path,
                                                 const std::vector<std::int64_t>& distances,
                                                 const Evaluation& evaluation);

}  // namespace elmo::task
