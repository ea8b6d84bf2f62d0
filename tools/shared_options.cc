#include "tools/shared_options.h"

#include <algorithm>
#include <thread>

#include "elmo/error.h"

namespace elmo {

void ModelSource::add_to(Options& command) {
  command.add("model", &folder, "DIR", "the model's folder, both directions in it")
      .default_text("");
  command.add("options", &options, "FILE", "instead: options.json of official ELMo weights")
      .default_text("");
  command.add("weights", &weights, "FILE", "and their HDF5 file").default_text("");
  command.add("vocab", &vocabulary, "FILE", "and their word list, where each word has a vector")
      .default_text("");
}

std::shared_ptr<const BidirectionalModel> ModelSource::load(Precision precision) const {
  if (options.empty() != weights.empty()) {
    throw UsageError("official weights are two files: pass both --options and --weights");
  }
  if (folder.empty() == options.empty()) {
    throw UsageError("a model is needed: --model, or --options and --weights, not both");
  }
  if (!folder.empty()) return BidirectionalModel::load(folder, precision);
  return BidirectionalModel::load_official(options, weights, vocabulary, precision);
}

constexpr const char* kInvalidHelp = "what to do with lines that are not UTF-8";

void add_invalid(Options& command, InvalidText* field, const std::string& behind) {
  command.choice("invalid", field,
                 {{"refuse", InvalidText::kRefuse},
                  {"skip", InvalidText::kSkip},
                  {"replace", InvalidText::kReplace}},
                 kInvalidHelp + behind);
}

void add_invalid(Options& command, std::string* field) {
  command.add("invalid", field, "WORD", kInvalidHelp).choices({"refuse", "skip", "replace"});
}

int thread_count(int asked) {
  if (asked > 0) return asked;
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

}  // namespace elmo
