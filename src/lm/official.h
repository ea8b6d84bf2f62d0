// Converts language models from and to the official ELMo format.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lm/language_model.h"
#include "lm/official_format.h"

namespace elmo {

// Returns the forward and the backward model, without a softmax. `vocabulary`: the word list file
// that models with a vector for each word need; empty if there is none. Throws Error if it is
// needed and missing, or has a wrong number of words.
std::pair<std::unique_ptr<LanguageModel>, std::unique_ptr<LanguageModel>> import_official(
    OfficialModel model, const std::string& vocabulary);

// The reverse; a softmax is dropped. Throws Error for what the format can't represent: pieces, two
// different encoders, directions of different sizes.
OfficialModel export_official(LanguageModel& forward, LanguageModel& backward);

// Are the weights of both token encoders equal?
bool have_equal_encoders(LanguageModel& forward, LanguageModel& backward);

// A program that reads the official format, and the reasons why it can't load a model; empty if it
// can.
struct OfficialReader {
  std::string name;
  std::vector<std::string> obstacles;
};
// For AllenNLP 0.9, bilm-tf and simple_elmo.
std::vector<OfficialReader> official_readers(const OfficialModel& model);

}  // namespace elmo
