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

// PretrainingOptions, and options that become some of their fields.
struct PretrainConfig {
  PretrainingOptions pretraining;
  std::string direction = "both", recipe = "none";
  bool tie = PretrainingOptions::kTie;
  double stall = 600;
};

void add_data(Options& options, PretrainConfig& c) {
  options.group("Data");
  options
      .add("input", &c.pretraining.inputs, "FILE...",
           "text, one sentence a line; may be .gz files and patterns such as 'news/*.txt'; - is "
           "standard input; FILE:2 reads each line twice in every epoch, FILE:0.5 every other one")
      .required();
  options.add("dev", &c.pretraining.dev, "FILE...",
              "development text: its perplexity is measured at intervals, and the best model is "
              "kept; without it the last one is");
  add_split(options, &c.pretraining.split, std::string(kSplitHelp) + "; stored in the model")
      .default_text("spaces");
  add_invalid(options, &c.pretraining.invalid);
}

void add_model(Options& options, PretrainConfig& c) {
  options.group("Model");
  options
      .add("direction", &c.direction, "WORD",
           "language model to train; both: side by side, each on half of the threads")
      .required()
      .choices({"forward", "backward", "both"});
  options.add("vocab", &c.pretraining.vocabulary, "FILE",
              "vocabulary made by `elmo vocab`: a SentencePiece model, or for characters a word "
              "list; required for a new model");
  options
      .add("preset", &c.pretraining.preset, "WORD",
           "size of the model, in layers x cells/projection: tiny 1x128/64, small 2x1024/128, "
           "medium 2x2048/256, original 2x4096/512")
      .choices({"tiny", "small", "medium", "original"})
      .default_text(PretrainingOptions::kPreset);
  options
      .choice("encoder", &c.pretraining.encoder,
              {{"pieces", Encoder::kPieces}, {"characters", Encoder::kCharacters}},
              "token encoder; pieces: a learned vector for each piece; characters: ELMo's network "
              "over the characters of a word, for models that other ELMo programs read")
      .default_text("pieces");
  options.flag("share-encoder", &c.pretraining.share_encoder,
               "train one token encoder for both directions, as the official format requires");
  options
      .add("encoder-from", &c.pretraining.encoder_from, "FILE",
           "use the token encoder of this model, such as DIR/forward.h5, and keep it fixed")
      .default_text("");
  options
      .add("init", &c.pretraining.init, "DIR",
           "start from the weights of this trained model, or from official ELMo weights with a new "
           "softmax over the word list in --vocab")
      .resolved_by(find_model);
  options
      .add("freeze-steps", &c.pretraining.softmax_steps, "N",
           "first steps in which only that new softmax is trained")
      .default_text("1000");
  options.toggle(
      "tie", &c.tie,
      "use the vectors of the pieces as the weights of the softmax too, "
      "which saves parameters; not with characters, --samples, --share-encoder or --encoder-from");
  options.choice("softmax-bias", &c.pretraining.softmax_bias,
                 {{"frequency", SoftmaxBias::kFrequency}, {"zero", SoftmaxBias::kZero}},
                 "initial biases of a new softmax; frequency: log of the units' frequency in the "
                 "text");
  options
      .add("samples", &c.pretraining.samples, "N",
           "train with a sampled softmax of N units, for large word lists; 0: full softmax; the "
           "development perplexity is always that of the full softmax")
      .at_least(0)
      .default_text("0, or 8192 for a word list of more than 32768");
}

void add_training(Options& options, PretrainConfig& c) {
  options.group("Training");
  options.add("epochs", &c.pretraining.epochs, "N", "number of passes over the text").at_least(1);
  options.add("steps", &c.pretraining.steps, "N",
              "stop after this many steps instead; 0: after --epochs");
  options
      .add("batch-size", &c.pretraining.batch_size, "B", "number of streams trained side by side")
      .between(1, 65536);
  options
      .add("unroll", &c.pretraining.unroll, "T",
           "number of time steps of back-propagation through time")
      .between(1, 4096);
  options.flag(
      "carry-state", &c.pretraining.carry_state,
      "carry the LSTM state from sentence to sentence of a stream instead of resetting it");
  options.choice("optimizer", &c.pretraining.optimizer,
                 {{"adam", OptimizerKind::kAdam}, {"adagrad", OptimizerKind::kAdagrad}},
                 "optimisation method");
  options.add("learning-rate", &c.pretraining.learning_rate, "X", "highest learning rate")
      .above(0)
      .default_text("0.003 for adam, 0.2 for adagrad");
  options.choice("schedule", &c.pretraining.schedule,
                 {{"cosine", Schedule::kCosine},
                  {"constant", Schedule::kConstant},
                  {"inverse-sqrt", Schedule::kInverseSqrt}},
                 "how the learning rate falls after the warm-up");
  options
      .add("warmup", &c.pretraining.warmup, "N",
           "steps in which the learning rate rises linearly from 0")
      .default_text(
          fmt::format("{}, or a tenth of the steps if that is less", PretrainingOptions::kWarmup));
  options
      .add("clip", &c.pretraining.clip, "X", "clip the gradients' global norm at X; 0: no clipping")
      .at_least(0);
  options
      .add("dropout", &c.pretraining.dropout, "X",
           "dropout rate on each layer's input and before the softmax; helps when a small text is "
           "read many times")
      .at_least(0)
      .below(1)
      .default_text(fmt::format("0 for less than {} passes over the text, otherwise 0.1",
                                PretrainingOptions::kPassesWithoutDropout));
  options
      .add("recipe", &c.recipe, "WORD",
           "bilm: train as bilm-tf does: Adagrad at a constant 0.2, clip 10, dropout 0.1, unroll "
           "20, batch 128, carried state, softmax biases zero")
      .choices({"none", "bilm"});
  options.add("dev-every", &c.pretraining.dev_every, "STEPS",
              "steps between measurements on --dev; 0: at each checkpoint");
  options.add("patience", &c.pretraining.patience, "N",
              "stop after this many measurements on --dev without a better one; 0: never");
  options.add("seed", &c.pretraining.seed, "N",
              "seed of the initial weights, the order of the text and the dropout");
}

void add_run(Options& options, PretrainConfig& c) {
  add_speed(options, &c.pretraining.threads, &c.pretraining.precision);
  options
      .add("stall", &c.stall, "S",
           "for several processes (mpirun, srun): give up when one has not answered for S seconds")
      .above(0);
  options.group("Output");
  options.add("output", &c.pretraining.output, "DIR", "folder of the model").required();
  options
      .add("checkpoint-every", &c.pretraining.checkpoint_every, "STEPS",
           "steps between checkpoints; a killed run loses at most this many")
      .at_least(1);
  options
      .add("report-every", &c.pretraining.report_every, "STEPS",
           "steps between the lines of DIR/log.jsonl")
      .at_least(1);
  options.flag("resume", &c.pretraining.resume, "continue from the checkpoints in --output");
  options.flag("overwrite", &c.pretraining.overwrite, "replace a model that is there already");
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

// Translates the command line's options to PretrainingOptions.
void settle(const Options& options, PretrainConfig& c) {
  apply_recipe(options, c);
  PretrainingOptions& config = c.pretraining;
  std::vector<std::string> read = {config.vocabulary, config.encoder_from.string()};
  read.insert(read.end(), config.inputs.begin(), config.inputs.end());
  read.insert(read.end(), config.dev.begin(), config.dev.end());
  if (options.given("tie") || options.given("no-tie")) config.tie = c.tie;
  if (c.direction == "backward") config.directions = {Direction::kBackward};
  if (c.direction == "both") config.directions = {Direction::kForward, Direction::kBackward};
  // A direction may use the token encoder of the other one in the same folder, so only files that
  // this run writes are checked.
  for (const auto& file : pretraining_files(config)) refuse_overwriting(file, read);
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
  Options options(
      arguments,
      "elmo pretrain --direction both --preset tiny --vocab build/quickstart/en.model "
      "--input build/quickstart/en.train.txt --dev build/quickstart/en.dev.txt --output "
      "model");
  add_data(options, c);
  add_model(options, c);
  add_training(options, c);
  add_run(options, c);
  // If there are several processes, only one reports a wrong command line.
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
