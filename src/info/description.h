// Describes a file or a folder for `elmo info`.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace elmo {

// Describes a model folder (also of ELMoForManyLangs), a model, a checkpoint, a dump, a task, a
// vocabulary, tensors of PyTorch or any HDF5 file: its path and kind, settings, datasets with type
// and shape, number of parameters, and the programs that read it. A folder lists its files under
// "files". Throws Error if it is missing, damaged, or of an unknown kind. Not thread-safe (HDF5).
nlohmann::ordered_json describe(const std::filesystem::path& path);

// The card (README.md) of a packaged model. Throws Error if there is none.
std::string model_card(const std::filesystem::path& folder);

// As describe(), for official ELMo weights. "no_readers" lists the programs that can't load them,
// with the reasons.
nlohmann::ordered_json describe_official(const std::filesystem::path& options,
                                         const std::filesystem::path& weights);

}  // namespace elmo
