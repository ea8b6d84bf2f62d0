// Models that are found by name: "ko-small" instead of a folder.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "elmo/export.h"

namespace elmo {

// The folders that are searched, in this order: those of $ELMO_MODEL_PATH (colons between them),
// ../share/elmo/models beside the running program, and elmo/models in $XDG_DATA_HOME or, without
// it, in ~/.local/share.
ELMO_API std::vector<std::filesystem::path> model_folders();

// The model that `name` stands for: a path that exists stands for itself, and so does whatever
// holds a slash; a bare name is looked for in the folders above, of which the first that has it
// wins. Throws Error with the folders searched. Model::load(find_model("ko-small")) loads it.
ELMO_API std::string find_model(const std::string& name);

}  // namespace elmo
