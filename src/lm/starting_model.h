// What a language model's training starts from.
#pragma once

#include <memory>
#include <string>

#include "lm/language_model.h"
#include "lm/pretraining.h"

namespace elmo {

struct StartingModel {
  std::unique_ptr<LanguageModel> model;
  bool random_softmax = false;
  bool frozen_encoder = false;  // the token encoder is another model's and is not trained
  bool new_softmax = false;     // all but the softmax has been trained before
  std::string origin;           // "the model in DIR"; empty for a new one
};

// Why the weights of a new model can't be tied, as the end of a clause about its embedding ("which
// --encoder characters does not have"). Empty: they can.
std::string obstacle_to_tying(const PretrainingOptions& options);

// A new model with random weights, the one in options.init, or a new one on the token encoder of
// options.encoder_from. Official weights in options.init, as they are or imported, get a new
// softmax over options.vocabulary. Throws Error and UsageError: a file is missing or bad, a word
// list is missing, a model of ELMoForManyLangs.
StartingModel make_starting_model(const PretrainingOptions& options, Direction direction);

// Of the weights in options.init (16 or more hexadecimal digits).
std::string init_fingerprint(const PretrainingOptions& options, Direction direction);

// The options that make a model, where there is one already (`start.origin`): vocabulary, encoder,
// split and preset may be left out or say what it has. Throws UsageError that names the option and
// what the model has.
void check_model_options(const PretrainingOptions& options, const StartingModel& start);

}  // namespace elmo
