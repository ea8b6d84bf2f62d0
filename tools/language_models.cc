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

int thread_count(int asked) {
  if (asked > 0) return asked;
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

}  // namespace elmo
