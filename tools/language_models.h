// The language models of a folder, for the commands that take one direction or both.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "embed/bidirectional_model.h"
#include "lm/language_model.h"
#include "tools/options.h"

namespace elmo {

// forward.h5 and backward.h5 of a folder, those that are there, in this order. Throws Error if
// there is none.
std::vector<std::unique_ptr<LanguageModel>> load_directions(const std::string& folder);

// What a command embeds with: a folder of ours, or a pair of official files.
struct ModelSource {
  std::string folder, options, weights, vocabulary;

  // --model, or --options and --weights and perhaps --vocab.
  void add_to(Options& options);
  // Throws UsageError where neither or both are given.
  std::shared_ptr<const BidirectionalModel> load(Precision precision) const;
};

// `asked`, or the number of cores for 0.
int thread_count(int asked);

}  // namespace elmo
