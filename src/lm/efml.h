// Models of ELMoForManyLangs (HIT-SCIR, 2018): a folder with token_embedder.pkl and encoder.pkl,
// files of torch's; word.dic and char.dic, dictionaries; config.json, which names a JSON file with
// the architecture.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "lm/language_model.h"

namespace elmo {

struct EfmlOptions {
  Normalisation normalisation = Normalisation::kNone;  // none is what the original does
  Split split = Split::kSpaces;
};

struct EfmlModel {
  std::unique_ptr<LanguageModel> forward, backward;  // without a softmax
  // The file that says the architecture; empty: none was found, and the one that all published
  // models have fits.
  std::filesystem::path architecture;
};

// Is this a folder that holds, or once held, such a model?
bool is_efml(const std::filesystem::path& folder);

// Reads and checks everything, and runs nothing of the files. Throws Error, one sentence with the
// file: a file missing; no file of torch's (io/torch_file.h); an architecture that is not the
// published models' (the `lstm` variants); a tensor missing, misshapen or with numbers that are not
// finite; a dictionary of another model.
EfmlModel read_efml(const std::filesystem::path& folder, const EfmlOptions& options = {});

}  // namespace elmo
