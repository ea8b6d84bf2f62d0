// Language models from and to the official format.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lm/language_model.h"
#include "lm/official_format.h"

namespace elmo {

// Forward and backward, without a softmax. `vocabulary`: a word list's file, which models with a
// vector a word need; empty: none. Throws Error: needed and missing, or of another size.
std::pair<std::unique_ptr<LanguageModel>, std::unique_ptr<LanguageModel>> import_official(
    OfficialModel model, const std::string& vocabulary);

// The other way; a softmax is left behind. Throws Error for what the format has no place for:
// pieces, two different encoders, directions of unlike size.
OfficialModel export_official(LanguageModel& forward, LanguageModel& backward);

// Are the token encoders equal, number by number?
bool have_equal_encoders(LanguageModel& forward, LanguageModel& backward);

// A program that reads the official format, and what of a model it can't load; nothing: it can.
struct OfficialReader {
  std::string name;
  std::vector<std::string> obstacles;
};
// AllenNLP 0.9, bilm-tf, simple_elmo.
std::vector<OfficialReader> official_readers(const OfficialModel& model);

}  // namespace elmo
