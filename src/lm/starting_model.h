// The model that a training starts from.
#pragma once

#include <memory>
#include <string>

#include "lm/language_model.h"
#include "lm/pretraining.h"

namespace elmo {

struct StartingModel {
  std::unique_ptr<LanguageModel> model;
  bool random_softmax = false;
  bool frozen_encoder = false;  // the token encoder comes from another model and is not trained
  bool new_softmax = false;     // everything but the softmax has been trained already
  std::string origin;           // "the model in DIR"; empty for a new model
};

// Why the weights of a new model can't be tied, as the end of a clause about its embedding ("which
// --encoder characters does not have"). Empty if they can.
std::string obstacle_to_tying(const PretrainingOptions& options);

// Returns a new model with random weights, the one in options.init, or a new one with the token
// encoder of options.encoder_from. Official weights in options.init, imported or not, get a new
// softmax over options.vocabulary. Throws Error or UsageError if a file is missing or bad, if a
// word list is missing, and for a model of ELMoForManyLangs.
StartingModel make_starting_model(const PretrainingOptions& options, Direction direction);

// Fingerprint of the weights in options.init (16 or more hexadecimal digits).
std::string init_fingerprint(const PretrainingOptions& options, Direction direction);

// If there is a model already (`start.origin`), the options vocabulary, encoder, split and preset
// must be unset or agree with it. Otherwise throws UsageError, naming the option and what the model
// has.
void check_model_options(const PretrainingOptions& options, const StartingModel& start);

}  // namespace elmo
