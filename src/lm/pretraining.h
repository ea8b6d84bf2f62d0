// Pretraining of one direction or both, with checkpoints and resuming.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/phases.h"
#include "lm/language_model.h"
#include "nn/optimizer.h"
#include "parallel/processes.h"
#include "text/line_reader.h"
#include "train/schedule.h"

namespace elmo {

enum class SoftmaxBias { kFrequency, kZero };
constexpr std::string_view softmax_bias_name(SoftmaxBias bias) {
  return bias == SoftmaxBias::kFrequency ? "frequency" : "zero";
}

struct PretrainingOptions {
  std::vector<Direction> directions = {Direction::kForward};
  // Files, patterns, or "-". Each may have a share, FILE:2 or FILE:0.5 (unless a file has that
  // whole name): how often each of its sentences appears in an epoch.
  std::vector<std::string> inputs;
  std::vector<std::string> dev;  // development text: files, patterns; empty: none
  std::filesystem::path output;  // the model folder
  std::string vocabulary;        // SentencePiece model, or a word list with kCharacters
  // Settings of a new model. With `init`, `encoder_from` or `resume` the model already has them;
  // then leave them unset or set them to the same values.
  std::optional<Encoder> encoder;     // unset: pieces
  std::optional<std::string> preset;  // unset: kPreset
  std::optional<Split> split;         // unset: spaces
  static constexpr char kPreset[] = "small";
  // A folder with a model, or with official weights, to start from. Official weights get a new
  // softmax over `vocabulary`, a word list. Empty: random weights.
  std::filesystem::path init;
  // Number of first steps in which only the new softmax of an already trained model is trained.
  // Unset: kSoftmaxSteps.
  std::optional<std::uint64_t> softmax_steps;
  static constexpr std::uint64_t kSoftmaxSteps = 1000;
  // A model file whose token encoder and vocabulary are used; the encoder is not trained. Empty:
  // none.
  std::filesystem::path encoder_from;
  // Both directions share one token encoder: they train step by step together and add up its
  // gradients.
  bool share_encoder = false;
  // Use one matrix for the embedding and the softmax. Not possible with characters, samples,
  // share_encoder or encoder_from. Unset: kTie where possible.
  std::optional<bool> tie;
  static constexpr bool kTie = false;
  // Number of samples of a sampled softmax; 0: full softmax. Unset: 8192 for a word list of more
  // than 32,768 words, otherwise full. The development perplexity always uses the full softmax.
  std::optional<std::int64_t> samples;
  InvalidText invalid = InvalidText::kRefuse;

  std::uint64_t epochs = 3;  // used when steps is 0
  std::uint64_t steps = 0;   // optimiser steps; 0: as many as the epochs take
  int batch_size = 64;       // B, streams
  int unroll = 20;           // T, steps of truncated backpropagation
  bool carry_state = false;  // keep the state at the beginning of a sentence

  OptimizerKind optimizer = OptimizerKind::kAdam;
  std::optional<double> learning_rate;  // unset: 0.2 for Adagrad, 0.003 for Adam
  Schedule schedule = Schedule::kCosine;
  // Steps of linear warm-up. Unset: kWarmup, or a tenth of all steps if that is less.
  std::optional<std::uint64_t> warmup;
  static constexpr std::uint64_t kWarmup = 500;
  double clip = 10.0;  // bound of the gradients' global norm; 0: no clipping
  // Unset: 0 if there are fewer than kPassesWithoutDropout passes over the text, otherwise 0.1.
  std::optional<double> dropout;
  static constexpr double kPassesWithoutDropout = 3;
  // The biases of a new softmax: logarithms of the units' frequencies in the text, or zero.
  SoftmaxBias softmax_bias = SoftmaxBias::kFrequency;

  std::string precision = "auto";
  int threads = 0;  // for both directions together; 0: the cores of this process
  std::uint64_t seed = 1;
  std::uint64_t checkpoint_every = 1000;  // steps
  std::uint64_t dev_every = 0;            // steps; 0: with each checkpoint
  std::uint64_t report_every = 100;       // steps between reports in the log
  // Stop after this many development measurements without improvement; 0: never.
  std::uint64_t patience = 0;
  bool resume = false;
  bool overwrite = false;
};

// The result of training one direction.
struct PretrainingResult {
  Direction direction = Direction::kForward;
  std::uint64_t steps = 0, units = 0;
  double perplexity = 0;           // of the training text, in the last report; 0 if there was none
  double best_dev_perplexity = 0;  // by unit; 0 without a development text
  // Predicted units and words of this run's steps after the first one (which allocates memory and
  // creates kernels), and where the time went until the last file was closed.
  std::uint64_t measured_units = 0, measured_words = 0;
  std::vector<PhaseClock::Phase> phases;
  bool already_finished = false;
};

// What pretrain() may write or replace: the log and, for each direction, the model, its checkpoint
// and the kept model of an earlier run (forward.old.h5).
std::vector<std::filesystem::path> pretraining_files(const PretrainingOptions& options);

// Trains into options.output: forward.h5, backward.h5, their checkpoints and log.jsonl. Equal seed
// and settings give equal bits, whether or not the training was interrupted, for any number of
// threads, and whether the directions are trained together or separately. Throws UsageError for
// settings that contradict each other or the checkpoint (naming them), Interrupted after SIGINT or
// SIGTERM once the checkpoints are written, and Error otherwise: also if the final loss is worse
// than guessing (divergence.h), after everything is written.
//
// If several `processes` share the work, all call it with the same options. The bits are those of a
// single process. Two directions without a shared encoder are each trained by one half of the
// processes. Only the first process of a direction writes its files, logs, and returns results. The
// others read the same files under the same names, except --dev.
std::vector<PretrainingResult> pretrain(const PretrainingOptions& options,
                                        Processes& processes = lone_process());

}  // namespace elmo
