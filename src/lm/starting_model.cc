#include "lm/starting_model.h"

#include <fmt/core.h>

#include <utility>

#include "elmo/error.h"

namespace elmo {
namespace {

StartingModel new_model(const PretrainingOptions& options, Direction direction) {
  ModelSettings settings;
  settings.encoder = options.encoder.value_or(settings.encoder);
  apply_preset(options.preset.value_or(PretrainingOptions::kPreset), settings);
  settings.direction = direction;
  settings.split = options.split.value_or(settings.split);
  settings.tied =
      options.tie.value_or(PretrainingOptions::kTie && obstacle_to_tying(options).empty());
  StartingModel start;
  if (settings.encoder == Encoder::kCharacters) {
    start.model = std::make_unique<LanguageModel>(
        settings,
        std::make_shared<const WordVocabulary>(WordVocabulary::from_file(options.vocabulary)));
  } else {
    start.model = std::make_unique<LanguageModel>(
        settings,
        std::make_shared<const PieceVocabulary>(PieceVocabulary::from_file(options.vocabulary)));
  }
  start.model->initialise(options.seed);
  start.new_softmax = true;
  return start;
}

StartingModel trained_model(const PretrainingOptions& options, Direction direction) {
  StartingModel start;
  start.model = LanguageModel::load(LanguageModel::file(options.init, direction));
  start.origin = "the model in " + options.init.string();
  if (!start.model->settings.softmax) {
    throw Error(options.init.string() +
                ": came from official weights, which have no softmax to go on training with");
  }
  return start;
}

StartingModel model_on_encoder(const PretrainingOptions& options, Direction direction) {
  auto donor = LanguageModel::load(options.encoder_from);
  const std::string path = options.encoder_from.string();
  ModelSettings settings = donor->settings;
  const std::string preset = options.preset.value_or(PretrainingOptions::kPreset);
  apply_preset(preset, settings);
  if (settings.projection != donor->settings.projection) {
    throw UsageError(
        fmt::format("--preset {} has projection {}, the encoder in {} makes vectors of {}; choose "
                    "the preset it was trained with",
                    preset, settings.projection, path, donor->settings.projection));
  }
  settings.characters = donor->settings.characters;
  settings.direction = direction;
  settings.tied = false;  // the softmax is trained, the embedding is not
  if (!donor->settings.softmax) {
    throw Error(path + ": came from official weights, without the word list that training needs");
  }
  StartingModel start;
  if (donor->vocabulary) {
    start.model = std::make_unique<LanguageModel>(settings, donor->vocabulary);
  } else {
    start.model = std::make_unique<LanguageModel>(settings, donor->words);
  }
  start.model->initialise(options.seed);
  start.new_softmax = true;
  copy_encoder(*donor, *start.model);
  start.frozen_encoder = true;
  start.origin = "the model in " + path;
  return start;
}

bool has_vocabulary(const LanguageModel& model, const std::string& path) {
  if (model.vocabulary)
    return PieceVocabulary::from_file(path).bytes() == model.vocabulary->bytes();
  return model.words && WordVocabulary::from_file(path).bytes() == model.words->bytes();
}

std::string size_of(const ModelSettings& settings) {
  return fmt::format("{}x{}/{}", settings.layers, settings.hidden, settings.projection);
}

}  // namespace

std::string obstacle_to_tying(const PretrainingOptions& options) {
  if (options.encoder == Encoder::kCharacters) return "--encoder characters does not have";
  if (options.samples.value_or(0) > 0) return "--samples trains a few rows of at a time";
  if (options.share_encoder) return "--share-encoder trains with both directions";
  if (!options.encoder_from.empty()) return "--encoder-from leaves as it is";
  return {};
}

StartingModel make_starting_model(const PretrainingOptions& options, Direction direction) {
  if (!options.encoder_from.empty()) return model_on_encoder(options, direction);
  if (!options.init.empty()) return trained_model(options, direction);
  return new_model(options, direction);
}

void check_model_options(const PretrainingOptions& options, const StartingModel& start) {
  if (start.origin.empty()) return;
  const ModelSettings& has = start.model->settings;
  const auto refuse = [&](const char* option, std::string_view value, std::string_view what) {
    throw UsageError(fmt::format("--{} {} contradicts {}, whose {}; leave --{} out", option, value,
                                 start.origin, what, option));
  };
  if (options.encoder && *options.encoder != has.encoder) {
    refuse("encoder", encoder_name(*options.encoder),
           fmt::format("encoder is {}", encoder_name(has.encoder)));
  }
  if (options.tie && *options.tie != has.tied && options.encoder_from.empty()) {
    throw UsageError(fmt::format(
        "--{} contradicts {}, whose softmax {} the embedding's weights; "
        "leave it out",
        *options.tie ? "tie" : "no-tie", start.origin, has.tied ? "has" : "does not have"));
  }
  if (options.split && *options.split != has.split) {
    refuse("split", split_name(*options.split), fmt::format("split is {}", split_name(has.split)));
  }
  if (options.preset) {
    ModelSettings wanted;
    wanted.encoder = has.encoder;
    apply_preset(*options.preset, wanted);
    if (size_of(wanted) != size_of(has)) {
      refuse("preset", *options.preset,
             fmt::format("size (layers x cells/projection) is {}, not {}", size_of(has),
                         size_of(wanted)));
    }
  }
  if (!options.vocabulary.empty() && !has_vocabulary(*start.model, options.vocabulary)) {
    refuse("vocab", options.vocabulary,
           fmt::format("vocabulary is another one, of {} rows", start.model->outcomes()));
  }
}

}  // namespace elmo
