// Options that several commands take.
#pragma once

#include <memory>
#include <string>

#include "embed/bidirectional_model.h"
#include "text/line_reader.h"
#include "tools/options.h"

namespace elmo {

// What a command embeds with: a folder of ours, or a pair of official files.
struct ModelSource {
  std::string folder, options, weights, vocabulary;

  // --model, or --options and --weights and perhaps --vocab.
  void add_to(Options& options);
  // Throws UsageError where neither or both are given.
  std::shared_ptr<const BidirectionalModel> load(Precision precision) const;
};

// --invalid refuse, skip or replace. `behind` follows its help.
void add_invalid(Options& command, InvalidText* field, const std::string& behind = "");
void add_invalid(Options& command, std::string* field);

// `asked`, or the number of cores for 0.
int thread_count(int asked);

}  // namespace elmo
