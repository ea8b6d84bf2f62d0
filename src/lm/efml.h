// Models of ELMoForManyLangs (HIT-SCIR, 2018). Such a folder has token_embedder.pkl and
// encoder.pkl, written by torch.save; the dictionaries word.dic and char.dic; and config.json,
// which names a JSON file with the architecture.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "lm/language_model.h"

namespace elmo {

struct EfmlOptions {
  Normalisation normalisation = Normalisation::kNone;  // kNone is what the original does
  Split split = Split::kSpaces;
};

struct EfmlModel {
  std::unique_ptr<LanguageModel> forward, backward;  // without a softmax
  // The file with the architecture. Empty: none was found, and the architecture of the published
  // models fits.
  std::filesystem::path architecture;
};

// Does the folder hold such a model, or traces of one?
bool is_efml(const std::filesystem::path& folder);

// Reads and checks everything; nothing in the files is executed. Throws Error naming the file if a
// file is missing or not written by torch.save (io/torch_file.h), if the architecture is not that
// of the published models (the `lstm` variants), if a tensor is missing or has a wrong shape or
// values that are not finite, and if a dictionary belongs to another model.
EfmlModel read_efml(const std::filesystem::path& folder, const EfmlOptions& options = {});

}  // namespace elmo
