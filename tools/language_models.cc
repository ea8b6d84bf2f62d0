#include "tools/language_models.h"

#include <algorithm>
#include <filesystem>
#include <thread>

#include "elmo/error.h"

namespace elmo {

std::vector<std::unique_ptr<LanguageModel>> load_directions(const std::string& folder) {
  std::vector<std::unique_ptr<LanguageModel>> models;
  for (const Direction direction : {Direction::kForward, Direction::kBackward}) {
    const auto path = LanguageModel::file(folder, direction);
    if (std::filesystem::exists(path)) models.push_back(LanguageModel::load(path));
  }
  if (models.empty()) {
    throw Error(folder +
                ": holds neither forward.h5 nor backward.h5; make them with `elmo pretrain`");
  }
  return models;
}

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

int thread_count(int asked) {
  if (asked > 0) return asked;
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

}  // namespace elmo
