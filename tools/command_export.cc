// elmo export: writes a model in the official format.

#include <fmt/core.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/printable.h"
#include "elmo/error.h"
#include "elmo/installed_models.h"
#include "lm/official.h"
#include "tools/commands.h"
#include "tools/options.h"

namespace elmo {

int run_export(Arguments arguments) {
  std::filesystem::path folder, output;
  bool overwrite = false;
  Options options(arguments, "elmo export --model characters --output official");
  options.group("Model");
  options.add("model", &folder, "DIR", "folder of the model, with both directions")
      .required()
      .resolved_by(find_model);
  options.group("Output");
  options
      .add("output", &output, "DIR",
           "folder to write: options.json, model.hdf5 and, if the words are known, vocab.txt")
      .required();
  options.flag("overwrite", &overwrite, "replace files that are there already");
  options.note(
      "AllenNLP, bilm-tf and simple_elmo read these files. The format has one token encoder for "
      "both directions and no pieces, so train the model with `elmo pretrain --encoder characters "
      "--share-encoder`.");
  if (!options.parse()) return 0;

  const auto load = [&](Direction direction) {
    const auto path = LanguageModel::file(folder, direction);
    if (!std::filesystem::exists(path)) {
      throw Error(path.string() + ": missing; the official format holds both directions");
    }
    return load_direction(path, direction);
  };
  const auto forward = load(Direction::kForward), backward = load(Direction::kBackward);
  check_directions_agree(folder.string(), forward->settings, backward->settings);
  for (const char* name : {"options.json", "model.hdf5", "vocab.txt"}) {
    if (!overwrite && std::filesystem::exists(output / name)) {
      throw Error((output / name).string() +
                  ": exists; pass --overwrite to replace it, or another --output");
    }
  }
  OfficialModel model = export_official(*forward, *backward);
  write_official(model, forward->words ? forward->words->bytes() : std::string(), output);
  std::vector<std::string> able;
  for (const auto& [name, obstacles] : official_readers(model)) {
    if (obstacles.empty()) {
      able.push_back(name);
    } else {
      log::warn("{}: {} can't load it, for it has {}", output.string(), name,
                join_words(obstacles, "and"));
    }
  }
  if (!able.empty()) log::info("{}: {} can load it", output.string(), join_words(able, "and"));
  return 0;
}

}  // namespace elmo
