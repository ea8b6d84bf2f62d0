// Finding installed models by name: "ko-small" instead of a folder.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "elmo/export.h"

namespace elmo {

// The folders that are searched, in this order: those in $ELMO_MODEL_PATH (separated by colons),
// ../share/elmo/models relative to the running program's folder, and elmo/models in $XDG_DATA_HOME
// or, if that is not set, in ~/.local/share.
ELMO_API std::vector<std::filesystem::path> model_folders();

// Returns the path of a model: `name` itself if it exists as a path or contains a slash, otherwise
// the first folder of that name in model_folders(). Throws Error, listing the folders searched, if
// there is none. Model::load(find_model("ko-small")) loads it.
ELMO_API std::string find_model(const std::string& name);

}  // namespace elmo
