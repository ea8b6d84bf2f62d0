// elmo import: weights in the official format, or a model of ELMoForManyLangs, become one of ours.

#include <fmt/core.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "base/file.h"
#include "base/log.h"
#include "elmo/error.h"
#include "lm/efml.h"
#include "lm/official.h"
#include "tools/commands.h"
#include "tools/options.h"
#include "tools/shared_options.h"

namespace elmo {

int run_import(Arguments arguments) {
  std::filesystem::path official_options, weights, efml, output;
  std::string vocabulary;
  std::optional<std::string> normalise, split;
  bool overwrite = false;
  Options options(arguments,
                  "elmo import --options options.json --weights weights.hdf5 --output model");
  options.add("options", &official_options, "FILE", "options.json, which came with the weights")
      .default_text("");
  options.add("weights", &weights, "FILE", "the weights, HDF5").default_text("");
  options
      .add("vocab", &vocabulary, "FILE",
           "the model's word list; needed where each word has a vector, kept for export otherwise")
      .default_text("");
  options
      .add("efml", &efml, "DIR",
           "instead: the folder of a model of ELMoForManyLangs, which has encoder.pkl in it")
      .default_text("");
  add_efml(options, &normalise, &split, "with --efml, stored in the model: ");
  options.add("output", &output, "DIR", "the model's folder").required();
  options.flag("overwrite", &overwrite, "replace an existing model");
  options.note(
      "The formats have no softmax: dump, neighbors and info work with the model, perplexity and "
      "score do not. dump and neighbors also take --options and --weights, and the folder of "
      "ELMoForManyLangs, themselves.");
  if (!options.parse()) return 0;
  if (official_options.empty() != weights.empty()) {
    throw UsageError("official weights are two files: pass both --options and --weights");
  }
  if (efml.empty() == weights.empty()) {
    throw UsageError("a model is needed: --options and --weights, or --efml, not both");
  }
  if (!efml.empty() && !vocabulary.empty()) {
    throw UsageError("--vocab is for official weights; a model of ELMoForManyLangs has word.dic");
  }
  if (efml.empty() && (normalise || split)) {
    throw UsageError(
        "--normalize and --split go with --efml; official weights take words as they "
        "are, between spaces");
  }

  for (const Direction direction : {Direction::kForward, Direction::kBackward}) {
    refuse_overwriting(LanguageModel::file(output, direction), {weights.string(), vocabulary});
  }
  std::unique_ptr<LanguageModel> forward, backward;
  if (efml.empty()) {
    std::tie(forward, backward) =
        import_official(read_official(official_options, weights), vocabulary);
  } else {
    EfmlModel model = read_efml(efml, efml_options(normalise, split));
    if (model.architecture.empty()) {
      log::info("{}: has no architecture file; that of the published models fits", efml.string());
    }
    forward = std::move(model.forward);
    backward = std::move(model.backward);
  }
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
