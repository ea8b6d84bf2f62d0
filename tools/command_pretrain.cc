// elmo pretrain: trains the forward and the backward language model.

#include <fmt/core.h>

#include <string>
#include <vector>

#include "base/log.h"
#include "base/progress.h"
#include "elmo/error.h"
#include "lm/pretraining.h"
#include "tools/commands.h"
#include "tools/options.h"
#include "tools/shared_options.h"

namespace elmo {

int run_pretrain(Arguments arguments) {
  PretrainingOptions config;
  std::string direction = "both", output, init, encoder_from, recipe = "none";

  Options options(arguments,
                  "elmo pretrain --direction both --input 'text/*.txt.gz' --dev dev.txt --vocab "
                  "ko.model --preset small --epochs 3 --output model");
  options.add("direction", &direction, "WORD", "which language model; both side by side")
      .required()
      .choices({"forward", "backward", "both"});
  options
      .add("input", &config.inputs, "FILE...",
           "text, one sentence a line; .gz files and patterns such as 'news/*.txt' too, - is "
           "standard input")
      .required();
  options.add("dev", &config.dev, "FILE",
              "development text: its perplexity is taken at intervals, the best model is kept");
  options.add("output", &output, "DIR", "the model's folder").required();
  options.add("vocab", &config.vocabulary, "FILE",
              "a SentencePiece model, or for characters a word list, as elmo vocab makes them");
  options.choice("encoder", &config.encoder,
                 {{"pieces", Encoder::kPieces}, {"characters", Encoder::kCharacters}},
                 "what makes a word's first vector: its pieces, or ELMo's network over its "
                 "characters, with a softmax over the word list");
  options
      .add("samples", &config.samples, "N",
           "outcomes that the softmax is trained on at a time; 0: all; development perplexity is "
           "always of all")
      .at_least(0)
      .default_text("all, or 8192 of a word list over 32768");
  options.flag("share-encoder", &config.share_encoder,
               "one token encoder under both directions, as the official format wants it");
  options
      .add("encoder-from", &encoder_from, "FILE",
           "take the token encoder of this model, such as DIR/forward.h5, and leave it as it is")
      .default_text("");
  options
      .add("recipe", &recipe, "WORD",
           "bilm: as bilm-tf trains, Adagrad 0.2, clip 10, dropout 0.1, unroll 20, batch 128, the "
           "state carried")
      .choices({"none", "bilm"});
  options
      .add("preset", &config.preset, "WORD",
           "tiny 1x128/64, small 2x1024/128, medium 2x2048/256, original 2x4096/512 (layers x "
           "cells/projection)")
      .choices({"tiny", "small", "medium", "original"});
  options.add("epochs", &config.epochs, "N", "passes over the text").at_least(1);
  options.add("steps", &config.steps, "N", "stop after so many steps instead; 0: by --epochs");
  options.add("init", &init, "DIR", "start from this trained model");
  options.choice("optimizer", &config.optimizer,
                 {{"adagrad", OptimizerKind::kAdagrad}, {"adam", OptimizerKind::kAdam}},
                 "how weights are updated");
  options.add("learning-rate", &config.learning_rate, "X", "0: 0.2 for adagrad, 0.001 for adam")
      .at_least(0);
  options.choice("schedule", &config.schedule,
                 {{"constant", Schedule::kConstant},
                  {"cosine", Schedule::kCosine},
                  {"inverse-sqrt", Schedule::kInverseSqrt}},
                 "how the learning rate falls");
  options.add("warmup", &config.warmup, "N", "steps in which the learning rate rises from 0");
  options.add("clip", &config.clip, "X", "largest global norm of the gradients; 0: any")
      .at_least(0);
  options.add("dropout", &config.dropout, "X", "on each layer's input and before the softmax")
      .at_least(0)
      .below(1);
  options.add("batch-size", &config.batch_size, "B", "streams trained side by side")
      .between(1, 65536);
  options.add("unroll", &config.unroll, "T", "steps of back-propagation through time")
      .between(1, 4096);
  options.flag("carry-state", &config.carry_state, "keep the state where a sentence begins");
  options.choice("split", &config.split,
                 {{"spaces", Split::kSpaces},
                  {"characters", Split::kCharacters},
                  {"punctuation", Split::kPunctuation},
                  {"tabs", Split::kTabs}},
                 "how lines are cut into words; stored in the model");
  add_invalid(options, &config.invalid);
  options
      .add("precision", &config.precision, "WORD", "of products; auto: bf16 where the CPU has it")
      .choices({"auto", "f32", "bf16"});
  options.add("threads", &config.threads, "N", "in all; 0: as many as there are cores")
      .between(0, 4096);
  options.add("seed", &config.seed, "N", "of weights, order and dropout");
  options.add("checkpoint-every", &config.checkpoint_every, "STEPS", "between checkpoints")
      .at_least(1);
  options.add("dev-every", &config.dev_every, "STEPS",
              "between development perplexities; 0: with each checkpoint");
  options.add("report-every", &config.report_every, "STEPS", "between lines of log.jsonl")
      .at_least(1);
  options.add("patience", &config.patience, "N",
              "stop after N development perplexities without a better one; 0: never");
  options.flag("resume", &config.resume, "go on from the checkpoints in --output");
  options.flag("overwrite", &config.overwrite, "replace an existing model");
  if (!options.parse()) return 0;

  if (recipe == "bilm") {
    for (const char* name : {"optimizer", "learning-rate", "schedule", "warmup", "clip", "dropout",
                             "unroll", "batch-size"}) {
      if (options.given(name)) {
        throw UsageError(std::string("--recipe bilm sets --") + name + "; leave one of them out");
      }
    }
    config.optimizer = OptimizerKind::kAdagrad;
    config.learning_rate = 0.2;
    config.clip = 10;
    config.dropout = 0.1;
    config.unroll = 20;
    config.batch_size = 128;
    config.carry_state = true;
  }
  config.output = output;
  config.encoder_from = encoder_from;
  config.init = init;
  if (direction == "backward") config.directions = {Direction::kBackward};
  if (direction == "both") config.directions = {Direction::kForward, Direction::kBackward};
  for (const PretrainingResult& result : pretrain(config)) {
    std::string dev;
    if (result.best_dev_perplexity > 0) {
      dev = fmt::format(", best development perplexity {:.2f} a unit", result.best_dev_perplexity);
    }
    log::info("{}: {} after {} steps, {} units{}", direction_name(result.direction),
              result.already_finished ? "finished already" : "done", result.steps,
              format_count(static_cast<double>(result.units)), dev);
  }
  return 0;
}

}  // namespace elmo
