#include "lm/starting_model.h"

#include <fmt/core.h>

#include <utility>

#include "base/fingerprint.h"
#include "elmo/error.h"
#include "lm/efml.h"
#include "lm/official.h"

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
  start.random_softmax = true;
  return start;
}

// The files of official weights in options.init, if it is not an elmo model.
std::optional<OfficialFiles> official_init(const PretrainingOptions& options, Direction direction) {
  if (std::filesystem::exists(LanguageModel::file(options.init, direction))) return std::nullopt;
  return find_official(options.init);
}

std::unique_ptr<LanguageModel> load_init(const PretrainingOptions& options, Direction direction) {
  const auto files = official_init(options, direction);
  if (!files) {
    check_model_folder(options.init);
    return LanguageModel::load(LanguageModel::file(options.init, direction));
  }
  OfficialModel official = read_official(files->options, files->weights);
  // options.vocabulary is the list of the softmax. The weights need it only if they have word
  // vectors.
  const std::string list = official.words ? options.vocabulary : "";
  auto [forward, backward] = import_official(std::move(official), list);
  return std::move(direction == Direction::kForward ? forward : backward);
}

// The same network with a new softmax over the words of options.vocabulary.
std::unique_ptr<LanguageModel> with_softmax(std::unique_ptr<LanguageModel> model,
                                            const PretrainingOptions& options) {
  // A model with a vector for each word predicts the words that it reads: its own list.
  const bool own = model->settings.encoder == Encoder::kWords || options.vocabulary.empty();
  std::shared_ptr<const WordVocabulary> words = own ? model->words : nullptr;
  if (!words) {
    if (options.vocabulary.empty()) {
      throw UsageError(
          options.init.string() +
          ": official weights have no softmax; pass the list of the words that a new one predicts "
          "by --vocab (`elmo vocab --type word --input ... --output words.txt` makes one)");
    }
    words = std::make_shared<const WordVocabulary>(WordVocabulary::from_file(options.vocabulary));
  }
  ModelSettings settings = model->settings;
  settings.softmax = true;
  auto result = std::make_unique<LanguageModel>(settings, std::move(words));
  result->characters = std::move(model->characters);
  result->embedding = std::move(model->embedding);
  result->layers = std::move(model->layers);
  result->initialise_softmax(options.seed);
  return result;
}

StartingModel trained_model(const PretrainingOptions& options, Direction direction) {
  const std::string path = options.init.string();
  const auto refuse_dictionaries = [&] {
    throw Error(path +
                ": is a model of ELMoForManyLangs, which pretrain can't continue; --init takes "
                "models of elmo pretrain and official ELMo weights");
  };
  if (is_efml(options.init)) refuse_dictionaries();
  StartingModel start;
  start.model = load_init(options, direction);
  start.origin = "the model in " + path;
  if (start.model->dictionaries) refuse_dictionaries();
  start.new_softmax = start.random_softmax = !start.model->settings.softmax;
  if (start.new_softmax) {
    start.model = with_softmax(std::move(start.model), options);
  } else if (options.softmax_steps) {
    throw UsageError("--freeze-steps trains the new softmax of official weights alone; " +
                     start.origin + " has a softmax of its own; leave --freeze-steps out");
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
  start.random_softmax = true;
  copy_encoder(*donor, *start.model);
  start.frozen_encoder = true;
  start.origin = "the model in " + path;
  return start;
}

bool has_vocabulary(const LanguageModel& model, const std::string& path) {
  const std::string bytes = model.vocabulary ? PieceVocabulary::from_file(path).bytes()
                                             : WordVocabulary::from_file(path).bytes();
  return model.units() != nullptr && model.units()->bytes() == bytes;
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

std::string init_fingerprint(const PretrainingOptions& options, Direction direction) {
  if (const auto files = official_init(options, direction)) {
    return file_fingerprint(files->options) + file_fingerprint(files->weights);
  }
  return file_fingerprint(LanguageModel::file(options.init, direction));
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
