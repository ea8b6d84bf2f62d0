#include "elmo/installed_models.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <sstream>
#include <string_view>

#include "elmo/error.h"

namespace elmo {
namespace {

namespace fs = std::filesystem;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

std::vector<fs::path> model_folders() {
  std::vector<fs::path> folders;
  std::istringstream listed(variable("ELMO_MODEL_PATH"));
  for (std::string folder; std::getline(listed, folder, ':');) {
    if (!folder.empty()) folders.emplace_back(folder);
  }
  std::error_code none;
  const fs::path program = fs::read_symlink("/proc/self/exe", none);
  if (!program.empty()) {
    folders.push_back(program.parent_path().parent_path() / "share" / "elmo" / "models");
  }
  if (const std::string data = variable("XDG_DATA_HOME"); !data.empty()) {
    folders.push_back(fs::path(data) / "elmo" / "models");
  } else if (const std::string home = variable("HOME"); !home.empty()) {
    folders.push_back(fs::path(home) / ".local" / "share" / "elmo" / "models");
  }
  return folders;
}

std::string find_model(const std::string& name) {
  std::error_code none;
  if (name.find('/') != std::string::npos || fs::exists(name, none)) return name;
  std::vector<std::string> searched;
  for (const fs::path& folder : model_folders()) {
    if (fs::is_directory(folder / name, none)) return (folder / name).string();
    searched.push_back(folder.string());
  }
  throw Error(fmt::format(
      "{}: there is no such file or folder, and no installed model of that name in {}; give the "
      "model's path, or put the folder that holds it into ELMO_MODEL_PATH",
      name, fmt::join(searched, ", ")));
}

}  // namespace elmo
