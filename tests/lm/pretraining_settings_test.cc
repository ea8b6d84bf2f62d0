// The settings that must not change when a pretraining is resumed.
#include "lm/pretraining_settings.h"

#include <gmock/gmock.h>

#include <functional>
#include <string>
#include <vector>

#include "elmo/error.h"
#include "tests/lm/lm_support.h"
#include "tests/support/files.h"

namespace elmo {
namespace {

using testing::HasSubstr;

struct Change {
  const char* option;
  std::function<void(PretrainingOptions&)> make;
};

std::unique_ptr<LanguageModel> model() {
  ModelSettings settings;
  settings.layers = 1;
  settings.hidden = 4;
  settings.projection = 4;
  return std::make_unique<LanguageModel>(settings, vocabulary_of(40));
}

RunSettings settings_of(const PretrainingOptions& options, bool new_softmax = false) {
  RunSettings settings = pretraining_settings(options, Direction::kForward, "the text");
  derive_settings(options, *model(), 0, new_softmax, settings);
  return settings;
}

TrainingValues values_of(const PretrainingOptions& options, const RunSettings& settings) {
  return training_values(options, *model(), settings, "a test");
}

std::string refusal(const PretrainingOptions& before, const PretrainingOptions& now) {
  return error_of([&] {
    check_resumable(settings_of(before), pretraining_settings(now, Direction::kForward, "the text"),
                    "DIR", "start anew");
  });
}

TEST(PretrainingSettings, WhatDecidesTheResultIsGuardedByName) {
  const std::vector<Change> changes = {
      {"invalid", [](auto& o) { o.invalid = InvalidText::kSkip; }},
      {"batch-size", [](auto& o) { o.batch_size = 7; }},
      {"unroll", [](auto& o) { o.unroll = 7; }},
      {"carry-state", [](auto& o) { o.carry_state = !o.carry_state; }},
      {"optimizer",
       [](auto& o) {
         o.optimizer =
             o.optimizer == OptimizerKind::kAdam ? OptimizerKind::kAdagrad : OptimizerKind::kAdam;
       }},
      {"schedule",
       [](auto& o) {
         o.schedule = o.schedule == Schedule::kCosine ? Schedule::kInverseSqrt : Schedule::kCosine;
       }},
      {"clip", [](auto& o) { o.clip = 0.5; }},
      {"seed", [](auto& o) { o.seed = 99; }},
      {"share-encoder", [](auto& o) { o.share_encoder = true; }},
      {"learning-rate", [](auto& o) { o.learning_rate = 0.017; }},
      {"warmup", [](auto& o) { o.warmup = 17; }},
      {"dropout", [](auto& o) { o.dropout = 0.42; }},
      {"samples", [](auto& o) { o.samples = 11; }},
      {"freeze-steps", [](auto& o) { o.softmax_steps = 11; }}};
  for (const Change& change : changes) {
    PretrainingOptions now;
    change.make(now);
    EXPECT_THAT(refusal({}, now), HasSubstr(std::string("another --") + change.option + ":"));
    EXPECT_EQ(refusal(now, now), "no error") << change.option;
  }
}

TEST(PretrainingSettings, WhatMayDifferIsNotInTheGuard) {
  const std::vector<Change> changes = {
      {"epochs", [](auto& o) { o.epochs = 99; }},
      {"steps", [](auto& o) { o.steps = 99; }},
      {"threads", [](auto& o) { o.threads = 3; }},
      {"dev", [](auto& o) { o.dev = {"other"}; }},
      {"checkpoint-every", [](auto& o) { o.checkpoint_every = 3; }},
      {"dev-every", [](auto& o) { o.dev_every = 3; }},
      {"report-every", [](auto& o) { o.report_every = 3; }},
      {"patience", [](auto& o) { o.patience = 3; }},
      {"output", [](auto& o) { o.output = "elsewhere"; }},
      {"input", [](auto& o) { o.inputs = {"the same text, elsewhere"}; }}};
  for (const Change& change : changes) {
    PretrainingOptions now;
    change.make(now);
    EXPECT_EQ(refusal({}, now), "no error") << change.option;
  }
}

TEST(PretrainingSettings, ATextIsItsFingerprint) {
  const auto before = settings_of({});
  const auto now = pretraining_settings({}, Direction::kForward, "another text");
  EXPECT_THAT(error_of([&] { check_resumable(before, now, "DIR", "start anew"); }),
              HasSubstr("another --input: the text, not another text"));
}

TEST(PretrainingSettings, WhatWasChosenIsKept) {
  const RunSettings settings = settings_of({});
  for (const char* const name :
       {"learning-rate", "warmup", "dropout", "samples", "precision", "freeze-steps"}) {
    EXPECT_TRUE(settings.derived.contains(name)) << name;
  }
  const TrainingValues values = values_of({}, settings);
  EXPECT_GT(values.rate.highest, 0);
  EXPECT_EQ(values.samples, 0);
  EXPECT_EQ(values.softmax_steps, 0u);
}

TEST(PretrainingSettings, ANewSoftmaxIsTrainedAloneFirst) {
  EXPECT_EQ(values_of({}, settings_of({}, true)).softmax_steps, PretrainingOptions::kSoftmaxSteps);
  PretrainingOptions options;
  options.softmax_steps = 5;
  EXPECT_EQ(values_of(options, settings_of(options, true)).softmax_steps, 5u);
  options.softmax_steps = 0;
  EXPECT_EQ(values_of(options, settings_of(options, true)).softmax_steps, 0u);
  // A checkpoint from before this setting existed.
  RunSettings old = settings_of({});
  old.options.erase("freeze-steps");
  old.derived.erase("freeze-steps");
  EXPECT_EQ(values_of({}, old).softmax_steps, 0u);
}

TEST(PretrainingSettings, SamplesAreFewerThanOutcomes) {
  PretrainingOptions options;
  options.samples = 39;
  EXPECT_EQ(values_of(options, settings_of(options)).samples, 39);
  options.samples = 40;
  EXPECT_THAT(error_of([&] { settings_of(options); }),
              HasSubstr("--samples 40 are not fewer than the 40 outcomes"));
}

}  // namespace
}  // namespace elmo
