// elmo import: converts official weights or a model of ELMoForManyLangs into an elmo model.

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
  std::optional<std::string> normalise;
  std::optional<Split> split;
  bool overwrite = false;
  Options options(arguments,
                  "elmo import --options options.json --weights weights.hdf5 --output model");
  options.group("Model");
  options
      .add("options", &official_options, "FILE",
           "options.json of weights in the official format (AllenNLP, bilm-tf, simple_elmo)")
      .default_text("");
  options.add("weights", &weights, "FILE", "HDF5 file of these weights").default_text("");
  options
      .add("vocab", &vocabulary, "FILE",
           "word list of these weights; needed if they hold a vector for each word, otherwise kept "
           "for `elmo export`")
      .default_text("");
  options
      .add("efml", &efml, "DIR",
           "import a model of ELMoForManyLangs instead: the unpacked folder, which holds "
           "encoder.pkl")
      .default_text("");
  add_efml(options, &normalise, &split, "with --efml, stored in the model: ");
  options.group("Output");
  options.add("output", &output, "DIR", "folder of the model to write").required();
  options.flag("overwrite", &overwrite, "replace a model that is there already");
  options.note(
      "Neither format holds a softmax: dump, neighbors and info work with the model, perplexity "
      "and score do not. dump and neighbors can also read both formats directly.");
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
    refuse_overwriting(LanguageModel::file(output, direction), options.inputs());
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
