// elmo pretrain: trains the forward and the backward language model.

#include <fmt/core.h>

#include <exception>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/log.h"
#include "base/progress.h"
#include "elmo/error.h"
#include "elmo/installed_models.h"
#include "lm/pretraining.h"
#include "tools/commands.h"
#include "tools/job.h"
#include "tools/options.h"
#include "tools/shared_options.h"

namespace elmo {

namespace {

// What --help shows: PretrainingOptions, and words that become some of its fields.
struct PretrainConfig {
  PretrainingOptions pretraining;
  std::string direction = "both", recipe = "none";
  bool tie = PretrainingOptions::kTie;
  double stall = 600;
};

void add_text_and_model(Options& options, PretrainConfig& c) {
  options.add("direction", &c.direction, "WORD", "which language model; both side by side")
      .required()
      .choices({"forward", "backward", "both"});
  options
      .add("input", &c.pretraining.inputs, "FILE...",
           "text, one sentence a line; .gz files and patterns such as 'news/*.txt' too, - is "
           "standard input; FILE:2 is in every epoch twice, FILE:0.5 with half of its lines")
      .required();
  options.add("dev", &c.pretraining.dev, "FILE...",
              "development text: its perplexity is taken at intervals, the best model is kept");
  options.add("output", &c.pretraining.output, "DIR", "the model's folder").required();
  options.add("vocab", &c.pretraining.vocabulary, "FILE",
              "a SentencePiece model, or for characters a word list, as elmo vocab makes them");
  options
      .choice("encoder", &c.pretraining.encoder,
              {{"pieces", Encoder::kPieces}, {"characters", Encoder::kCharacters}},
              "what makes a word's first vector: its pieces, or ELMo's network over its "
              "characters, with a softmax over the word list")
      .default_text("pieces");
  options
      .add("samples", &c.pretraining.samples, "N",
           "outcomes that the softmax is trained on at a time; 0: all; development perplexity is "
           "always of all")
      .at_least(0)
      .default_text("all, or 8192 of a word list over 32768");
  options.toggle("tie", &c.tie,
                 "the softmax's weights are the pieces' vectors; not with characters, --samples, "
                 "--share-encoder or --encoder-from");
  options.flag("share-encoder", &c.pretraining.share_encoder,
               "one token encoder under both directions, as the official format wants it");
  options
      .add("encoder-from", &c.pretraining.encoder_from, "FILE",
           "take the token encoder of this model, such as DIR/forward.h5, and leave it as it is")
      .default_text("");
  options
      .add("preset", &c.pretraining.preset, "WORD",
           "tiny 1x128/64, small 2x1024/128, medium 2x2048/256, original 2x4096/512 (layers x "
           "cells/projection)")
      .choices({"tiny", "small", "medium", "original"})
      .default_text(PretrainingOptions::kPreset);
  options
      .add("init", &c.pretraining.init, "DIR",
           "start from this trained model, or from official ELMo weights with a new softmax over "
           "the word list in --vocab")
      .resolved_by(find_model);
  options
      .add("freeze-steps", &c.pretraining.softmax_steps, "N",
           "steps in which that new softmax is trained alone")
      .default_text("1000");
  options
      .choice("split", &c.pretraining.split,
              {{"spaces", Split::kSpaces},
               {"characters", Split::kCharacters},
               {"punctuation", Split::kPunctuation},
               {"tabs", Split::kTabs}},
              "how lines are cut into words; stored in the model")
      .default_text("spaces");
  add_invalid(options, &c.pretraining.invalid);
}

void add_training(Options& options, PretrainConfig& c) {
  options
      .add("recipe", &c.recipe, "WORD",
           "bilm: as bilm-tf trains, Adagrad at a constant 0.2, clip 10, dropout 0.1, unroll 20, "
           "batch 128, the state carried, the softmax's biases zero")
      .choices({"none", "bilm"});
  options.add("epochs", &c.pretraining.epochs, "N", "passes over the text").at_least(1);
  options.add("steps", &c.pretraining.steps, "N",
              "stop after so many steps instead; 0: by --epochs");
  options.choice("optimizer", &c.pretraining.optimizer,
                 {{"adam", OptimizerKind::kAdam}, {"adagrad", OptimizerKind::kAdagrad}},
                 "how weights are updated");
  options.add("learning-rate", &c.pretraining.learning_rate, "X", "the highest of the schedule")
      .above(0)
      .default_text("0.003 for adam, 0.2 for adagrad");
  options.choice("schedule", &c.pretraining.schedule,
                 {{"cosine", Schedule::kCosine},
                  {"constant", Schedule::kConstant},
                  {"inverse-sqrt", Schedule::kInverseSqrt}},
                 "how the learning rate falls");
  options.add("warmup", &c.pretraining.warmup, "N", "steps in which the learning rate rises from 0")
      .default_text(fmt::format("{}, or a tenth of the steps where that is less",
                                PretrainingOptions::kWarmup));
  options.add("clip", &c.pretraining.clip, "X", "largest global norm of the gradients; 0: any")
      .at_least(0);
  options
      .add("dropout", &c.pretraining.dropout, "X", "on each layer's input and before the softmax")
      .at_least(0)
      .below(1)
      .default_text(fmt::format("0 in less than {} passes over the text, 0.1 otherwise",
                                PretrainingOptions::kPassesWithoutDropout));
  options.choice("softmax-bias", &c.pretraining.softmax_bias,
                 {{"frequency", SoftmaxBias::kFrequency}, {"zero", SoftmaxBias::kZero}},
                 "what the biases of a new softmax are: logarithms of the outcomes' frequency in "
                 "the text, or zero");
  options.add("batch-size", &c.pretraining.batch_size, "B", "streams trained side by side")
      .between(1, 65536);
  options.add("unroll", &c.pretraining.unroll, "T", "steps of back-propagation through time")
      .between(1, 4096);
  options.flag("carry-state", &c.pretraining.carry_state, "keep the state where a sentence begins");
}

void add_run(Options& options, PretrainConfig& c) {
  options
      .add("precision", &c.pretraining.precision, "WORD",
           "of products; auto: bf16 where the CPU has it")
      .choices({"auto", "f32", "bf16"});
  options.add("threads", &c.pretraining.threads, "N", "in all; 0: as many as there are cores")
      .between(0, 4096);
  options.add("seed", &c.pretraining.seed, "N", "of weights, order and dropout");
  options.add("checkpoint-every", &c.pretraining.checkpoint_every, "STEPS", "between checkpoints")
      .at_least(1);
  options.add("dev-every", &c.pretraining.dev_every, "STEPS",
              "between development perplexities; 0: with each checkpoint");
  options.add("report-every", &c.pretraining.report_every, "STEPS", "between lines of log.jsonl")
      .at_least(1);
  options.add("patience", &c.pretraining.patience, "N",
              "stop after N development perplexities without a better one; 0: never");
  options
      .add("stall", &c.stall, "S",
           "of several processes (mpirun, srun): end all S seconds after one stopped answering")
      .above(0);
  options.flag("resume", &c.pretraining.resume, "go on from the checkpoints in --output");
  options.flag("overwrite", &c.pretraining.overwrite, "replace an existing model");
  options.exclusive({"resume", "overwrite"});
  options.exclusive({"epochs", "steps"});
  options.only_when({"softmax-bias"}, "without --init, whose softmax is trained already",
                    [&c] { return c.pretraining.init.empty(); });
  options.only_when({"freeze-steps"}, "with --init or --resume",
                    [&c] { return !c.pretraining.init.empty() || c.pretraining.resume; });
  options.only_when({"dev-every", "patience"}, "with --dev, which is measured",
                    [&c] { return !c.pretraining.dev.empty(); });
}

void apply_recipe(const Options& options, PretrainConfig& c) {
  if (c.recipe != "bilm") return;
  for (const char* name : {"optimizer", "learning-rate", "schedule", "warmup", "clip", "dropout",
                           "unroll", "batch-size", "softmax-bias"}) {
    if (options.given(name)) {
      throw UsageError(std::string("--recipe bilm sets --") + name + "; leave one of them out");
    }
  }
  c.pretraining.optimizer = OptimizerKind::kAdagrad;
  c.pretraining.learning_rate = 0.2;
  c.pretraining.schedule = Schedule::kConstant;
  c.pretraining.warmup = 0;
  c.pretraining.softmax_bias = SoftmaxBias::kZero;
  c.pretraining.clip = 10;
  c.pretraining.dropout = 0.1;
  c.pretraining.unroll = 20;
  c.pretraining.batch_size = 128;
  c.pretraining.carry_state = true;
}

// What the words say, into the options of the library.
void settle(const Options& options, PretrainConfig& c) {
  apply_recipe(options, c);
  PretrainingOptions& config = c.pretraining;
  std::vector<std::string> read = {config.vocabulary, config.encoder_from.string()};
  read.insert(read.end(), config.inputs.begin(), config.inputs.end());
  read.insert(read.end(), config.dev.begin(), config.dev.end());
  if (options.given("tie") || options.given("no-tie")) config.tie = c.tie;
  if (c.direction == "backward") config.directions = {Direction::kBackward};
  if (c.direction == "both") config.directions = {Direction::kForward, Direction::kBackward};
  // A direction may be trained on the other's token encoder, in one folder.
  for (const Direction one : config.directions) {
    refuse_overwriting(LanguageModel::file(config.output, one), read);
  }
}

void show(const PretrainingResult& result) {
  std::string dev;
  if (result.best_dev_perplexity > 0) {
    dev = fmt::format(", best development perplexity {:.2f} a unit", result.best_dev_perplexity);
  }
  log::info("{}: {} after {} steps, {} units{}", direction_name(result.direction),
            result.already_finished ? "finished already" : "done", result.steps,
            format_count(static_cast<double>(result.units)), dev);
}

}  // namespace

int run_pretrain(Arguments arguments) {
  PretrainConfig c;
  Options options(arguments,
                  "elmo pretrain --direction both --input 'text/*.txt.gz' --dev dev.txt --vocab "
                  "ko.model --preset small --epochs 3 --output model");
  add_text_and_model(options, c);
  add_training(options, c);
  add_run(options, c);
  // Of several processes one is to tell of a wrong command line.
  std::exception_ptr wrong;
  try {
    if (!options.parse()) return 0;
    settle(options, c);
  } catch (...) {
    wrong = std::current_exception();
  }
  return run_job("pretrain", c.stall, [&](Processes& processes) {
    if (wrong) std::rethrow_exception(wrong);
    for (const PretrainingResult& result : pretrain(c.pretraining, processes)) show(result);
  });
}

}  // namespace elmo
