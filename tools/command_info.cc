// elmo info: describes a file, as a table or as JSON.

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/printable.h"
#include "elmo/error.h"
#include "elmo/installed_models.h"
#include "info/description.h"
#include "io/tensor_file.h"
#include "tools/commands.h"
#include "tools/options.h"
#include "tools/output.h"
#include "tools/shared_options.h"

namespace elmo {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

std::string value_text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string with_separators(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, 1, ',');
  return text;
}

// Prints "name  value" lines; nested values become name.inner.
void print_values(const std::string& indent, const std::string& prefix, const Json& values) {
  for (const auto& [name, value] : values.items()) {
    if (value.is_object()) {
      print_values(indent, prefix + name + ".", value);
    } else {
      print(fmt::format("{}{:<26} {}\n", indent, prefix + name, value_text(value)));
    }
  }
}

void print_datasets(const Json& rows) {
  std::size_t width = 8;
  for (const auto& row : rows) {
    width = std::max(width, row["name"].get_ref<const std::string&>().size() + 1);
  }
  print(fmt::format("  {:<{}} {:<9} {:<18} {:>14}\n", "dataset", width, "type", "shape", "values"));
  for (const auto& row : rows) {
    const auto shape = row["shape"].get<Shape>();
    const auto values = static_cast<std::uint64_t>(elements(shape));
    print(fmt::format("  {:<{}} {:<9} {:<18} {:>14}\n", row["name"].get<std::string>(), width,
                      row["type"].get<std::string>(), to_string(shape), with_separators(values)));
  }
}

void print_table(const Json& info) {
  print(fmt::format("{}: {}\n", info["path"].get<std::string>(), info["kind"].get<std::string>()));
  for (const auto& [name, value] : info.items()) {
    if (name == "path" || name == "kind" || name == "files" || name == "missing") continue;
    if (name == "datasets") {
      print_datasets(value);
    } else if (name == "readers") {
      print(
          fmt::format("  read by {}\n", join_words(value.get<std::vector<std::string>>(), "and")));
    } else if (value.is_object()) {
      if (value.empty()) continue;
      print(fmt::format("  {}\n", name));
      print_values("    ", "", value);
    } else if (value.is_number_unsigned()) {
      print(fmt::format("  {:<28} {}\n", name, with_separators(value.get<std::uint64_t>())));
    } else {
      print(fmt::format("  {:<28} {}\n", name, value_text(value)));
    }
  }
  if (info.contains("files")) {
    for (const auto& file : info["files"]) {
      print("\n");
      print_table(file);
    }
  }
  if (info.contains("missing")) {
    print(fmt::format("\n{} is missing: dump and neighbors need both directions\n",
                      info["missing"].get<std::string>()));
  }
}

}  // namespace

int run_info(Arguments arguments) {
  fs::path path, official_options, weights;
  bool json = false, card = false;
  Options options(arguments, "elmo info build/quickstart/en");
  options
      .positional(
          "PATH", &path,
          "folder of a model (also of ELMoForManyLangs), name of an installed model, or a "
          "file: forward.h5, a checkpoint, a dump, a task, a vocabulary, tensors of PyTorch")
      .default_text("")
      .resolved_by(find_model);
  options.group("Model");
  options
      .add("options", &official_options, "FILE",
           "describe weights in the official ELMo format instead: their options.json")
      .default_text("");
  options.add("weights", &weights, "FILE", "HDF5 file of the official weights").default_text("");
  add_json(options, &json);
  options.flag("card", &card,
               "print the card of a packaged model: what it was trained on, how to cut text into "
               "words for it");
  options.exclusive({"json", "card"});
  if (!options.parse()) return 0;

  if (official_options.empty() != weights.empty() || path.empty() == weights.empty()) {
    throw UsageError("info takes a PATH, or --options and --weights");
  }
  if (card) {
    if (!weights.empty()) throw UsageError("--card is of a PATH; official weights have none");
    print(model_card(path));
    return 0;
  }
  const Json info = weights.empty() ? describe(path) : describe_official(official_options, weights);
  if (json) {
    print(info.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  } else {
    print_table(info);
  }
  return 0;
}

}  // namespace elmo
