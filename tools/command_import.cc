// elmo import: weights in the official format become a model of ours.

#include <fmt/core.h>

#include <filesystem>
#include <string>

#include "base/file.h"
#include "base/log.h"
#include "elmo/error.h"
#include "lm/official.h"
#include "tools/commands.h"
#include "tools/options.h"

namespace elmo {

int run_import(Arguments arguments) {
  std::filesystem::path official_options, weights, output;
  std::string vocabulary;
  bool overwrite = false;
  Options options(arguments,
                  "elmo import --options options.json --weights weights.hdf5 --output model");
  options.add("options", &official_options, "FILE", "options.json, which came with the weights")
      .required();
  options.add("weights", &weights, "FILE", "the weights, HDF5").required();
  options
      .add("vocab", &vocabulary, "FILE",
           "the model's word list; needed where each word has a vector, kept for export otherwise")
      .default_text("");
  options.add("output", &output, "DIR", "the model's folder").required();
  options.flag("overwrite", &overwrite, "replace an existing model");
  options.note(
      "The format has no softmax: dump, neighbors and info work with the model, perplexity and "
      "score do not. dump and neighbors also take --options and --weights themselves.");
  if (!options.parse()) return 0;

  auto [forward, backward] = import_official(read_official(official_options, weights), vocabulary);
  make_folder(output);
  for (const Direction direction : {Direction::kForward, Direction::kBackward}) {
    const auto path = LanguageModel::file(output, direction);
    if (!overwrite && std::filesystem::exists(path)) {
      throw Error(path.string() + ": exists; pass --overwrite to replace it, or another --output");
    }
  }
  forward->save(LanguageModel::file(output, Direction::kForward));
  backward->save(LanguageModel::file(output, Direction::kBackward));
  log::info("{}: {} layers of {} cells, projection {}, {} as input", output.string(),
            forward->settings.layers, forward->settings.hidden, forward->settings.projection,
            encoder_name(forward->settings.encoder));
  return 0;
}

}  // namespace elmo
