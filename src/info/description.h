// What a file or a folder holds, as `elmo info` shows it.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace elmo {

// A model's folder (one of ELMoForManyLangs too), a model, a checkpoint, a dump, a task, a
// vocabulary, tensors of PyTorch, any HDF5 file: its path and kind, settings, datasets with type
// and shape, the number of parameters and the programs that read it. A folder has the files in it
// under "files". Throws Error if it is missing, damaged, or of no kind that elmo knows. Not
// thread-safe (HDF5).
nlohmann::ordered_json describe(const std::filesystem::path& path);

// The card (README.md) of a packaged model. Throws Error: there is none.
std::string model_card(const std::filesystem::path& folder);

// The same as describe() of official ELMo weights. "no_readers" has the programs that can't load
// them, each with the obstacles.
nlohmann::ordered_json describe_official(const std::filesystem::path& options,
                                         const std::filesystem::path& weights);

}  // namespace elmo
