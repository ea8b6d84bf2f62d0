#include "lm/pretraining_settings.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/fingerprint.h"
#include "base/json.h"
#include "elmo/error.h"
#include "lm/starting_model.h"

namespace elmo {
namespace {

// Word lists up to this size are trained with the full softmax, larger ones with kSamples.
constexpr std::int64_t kFullSoftmax = 32'768;
constexpr std::int64_t kSamples = 8'192;
constexpr double kDropout = 0.1;

// The length of a training in steps, and in passes over the text.
struct Length {
  double steps = 0, passes = 0;
};

Length length_of(const PretrainingOptions& options, double units_per_epoch) {
  const double units_per_step = static_cast<double>(options.batch_size) * options.unroll;
  if (options.steps == 0) {
    const auto passes = static_cast<double>(options.epochs);
    return {.steps = passes * units_per_epoch / units_per_step, .passes = passes};
  }
  const auto steps = static_cast<double>(options.steps);
  return {.steps = steps,
          .passes = units_per_epoch > 0 ? steps * units_per_step / units_per_epoch : 1};
}

template <typename T>
nlohmann::json or_null(const std::optional<T>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

}  // namespace

RunSettings pretraining_settings(const PretrainingOptions& options, Direction direction,
                                 const std::string& text) {
  RunSettings settings;
  settings.options = {
      {"input", text},
      {"invalid", invalid_name(options.invalid)},
      {"batch-size", options.batch_size},
      {"unroll", options.unroll},
      {"carry-state", options.carry_state},
      {"optimizer", optimizer_name(options.optimizer)},
      {"schedule", schedule_name(options.schedule)},
      {"clip", options.clip},
      {"seed", options.seed},
      {"softmax-bias", softmax_bias_name(options.softmax_bias)},
      {"share-encoder", options.share_encoder},
      {"learning-rate", or_null(options.learning_rate)},
      {"warmup", or_null(options.warmup)},
      {"dropout", or_null(options.dropout)},
      {"samples", or_null(options.samples)},
      {"freeze-steps", or_null(options.softmax_steps)},
      {"precision",
       options.precision == "auto" ? nlohmann::json(nullptr) : nlohmann::json(options.precision)},
      // Only the start of a training reads these files, so they may be left out on resuming.
      {"init", nullptr},
      {"encoder-from", nullptr}};
  if (!options.init.empty()) {
    settings.options["init"] = init_fingerprint(options, direction);
  }
  if (!options.encoder_from.empty()) {
    settings.options["encoder-from"] = file_fingerprint(options.encoder_from);
  }
  settings.facts = {{"order of sums", kOrderOfSums}, {"order of the text", kOrderOfText}};
  return settings;
}

void derive_settings(const PretrainingOptions& options, const LanguageModel& model,
                     double units_per_epoch, bool new_softmax, RunSettings& settings) {
  const auto choose = [&](const char* name, const nlohmann::json& value) {
    if (settings.options.at(name).is_null()) settings.derived[name] = value;
  };
  choose("learning-rate", options.optimizer == OptimizerKind::kAdagrad ? 0.2 : 0.003);
  const Length length = length_of(options, units_per_epoch);
  choose("warmup", std::min(PretrainingOptions::kWarmup,
                            static_cast<std::uint64_t>(std::llround(length.steps / 10))));
  choose("dropout", length.passes < PretrainingOptions::kPassesWithoutDropout ? 0 : kDropout);
  choose("precision", precision_name(parse_precision(options.precision)));
  choose("samples", model.words && model.outcomes() > kFullSoftmax ? kSamples : 0);
  choose("freeze-steps", new_softmax ? PretrainingOptions::kSoftmaxSteps : 0);
  const auto samples = settings.value("samples").get<std::int64_t>();
  if (samples > 0 && model.settings.tied) {
    throw UsageError(
        "--samples trains a few rows of the softmax at a time, and this model's are its "
        "embedding's too (--tie); leave it out");
  }
  if (samples >= model.outcomes()) {
    throw UsageError(fmt::format("--samples {} are not fewer than the {} outcomes; leave it out",
                                 samples, model.outcomes()));
  }
}

TrainingValues training_values(const PretrainingOptions& options, const LanguageModel& model,
                               const RunSettings& settings, const std::string& source) {
  nlohmann::json chosen;
  for (const char* name : {"learning-rate", "warmup", "dropout", "samples", "precision"}) {
    chosen[name] = settings.value(name);
  }
  // Older checkpoints do not have this setting.
  const nlohmann::json softmax_steps = settings.value("freeze-steps");
  chosen["freeze-steps"] = softmax_steps.is_null() ? nlohmann::json(0) : softmax_steps;
  const JsonFields fields(chosen, source + ": its settings");
  TrainingValues values;
  values.rate = {.highest = fields.number("learning-rate", 0, std::numeric_limits<double>::max()),
                 .schedule = options.schedule,
                 .warmup = fields.natural("warmup")};
  values.dropout = fields.number("dropout", 0, 0.999999);
  values.samples = fields.integer("samples", 0, std::max(0, model.outcomes() - 1));
  values.softmax_steps = fields.natural("freeze-steps");
  values.precision = parse_precision(fields.text("precision"));
  return values;
}

}  // namespace elmo
