// Pretraining: one direction or both, checkpoints, resuming.
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
  // Files, patterns, or "-"; with a share, FILE:2 or FILE:0.5, where no file has that name: how
  // often an epoch has each of its sentences.
  std::vector<std::string> inputs;
  std::vector<std::string> dev;  // development text: files, patterns; empty: none
  std::filesystem::path output;  // the model folder
  std::string vocabulary;        // SentencePiece file, or a word list with kCharacters
  // What a model is made of. Beside `init`, `encoder_from` or `resume` the model has them: they are
  // left out, or say the same.
  std::optional<Encoder> encoder;     // unset: pieces
  std::optional<std::string> preset;  // unset: kPreset
  std::optional<Split> split;         // unset: at spaces
  static constexpr char kPreset[] = "small";
  // Weights to start from, a model's folder or one of official weights, which get a new softmax
  // over `vocabulary`, a word list; empty: random weights.
  std::filesystem::path init;
  // Number of first steps in which a new softmax over trained weights is trained alone; unset:
  // kSoftmaxSteps.
  std::optional<std::uint64_t> softmax_steps;
  static constexpr std::uint64_t kSoftmaxSteps = 1000;
  // A model file whose token encoder and vocabulary are used; the encoder is not trained. Empty:
  // none.
  std::filesystem::path encoder_from;
  // One token encoder for both directions, which train step by step together and add their
  // gradients of it.
  bool share_encoder = false;
  // The softmax multiplies by the embedding's vectors, so that there is one matrix for both; not
  // with characters, samples, share_encoder or encoder_from. Unset: kTie where that can be.
  std::optional<bool> tie;
  static constexpr bool kTie = false;
  // Number of samples of a sampled softmax; 0: full softmax. Unset: full, or 8192 samples for a
  // word list of more than 32,768 words. The development perplexity is always of the full softmax.
  std::optional<std::int64_t> samples;
  InvalidText invalid = InvalidText::kRefuse;

  std::uint64_t epochs = 3;  // used when steps is 0
  std::uint64_t steps = 0;   // optimiser steps; 0: as many as the epochs have
  int batch_size = 64;       // B, streams
  int unroll = 20;           // T, steps of truncated back-propagation
  bool carry_state = false;  // do not reset the state at the beginning of a sentence

  OptimizerKind optimizer = OptimizerKind::kAdam;
  std::optional<double> learning_rate;  // unset: 0.2 for Adagrad, 0.003 for Adam
  Schedule schedule = Schedule::kCosine;
  // Steps of linear warm-up; unset: kWarmup, or a tenth of all steps where that is less.
  std::optional<std::uint64_t> warmup;
  static constexpr std::uint64_t kWarmup = 500;
  double clip = 10.0;  // largest global norm of the gradients; 0: no clipping
  // Unset: none in less than kPassesWithoutDropout passes over the text, 0.1 otherwise.
  std::optional<double> dropout;
  static constexpr double kPassesWithoutDropout = 3;
  // What a new softmax's biases are: logarithms of the outcomes' frequency in the text, or zero.
  SoftmaxBias softmax_bias = SoftmaxBias::kFrequency;

  std::string precision = "auto";
  int threads = 0;  // in all; 0: as many as there are cores
  std::uint64_t seed = 1;
  std::uint64_t checkpoint_every = 1000;  // steps
  std::uint64_t dev_every = 0;            // steps; 0: with each checkpoint
  std::uint64_t report_every = 100;       // steps between lines of the log
  // Stop after this many development measurements without a better one; 0: never.
  std::uint64_t patience = 0;
  bool resume = false;
  bool overwrite = false;
};

// What a direction reached.
struct PretrainingResult {
  Direction direction = Direction::kForward;
  std::uint64_t steps = 0, units = 0;
  double perplexity = 0;           // of the training text in the last report; 0 without one
  double best_dev_perplexity = 0;  // by unit; 0 without a development text
  // Of the steps after this run's first one, in which memory and kernels are made: their
  // predicted units and words, and where the time went until the last file was closed.
  std::uint64_t measured_units = 0, measured_words = 0;
  std::vector<PhaseClock::Phase> phases;
  bool already_finished = false;
};

// What pretrain() may write or replace: of each direction the model, its checkpoint and the model
// of an older run that is kept (forward.old.h5), and the log.
std::vector<std::filesystem::path> pretraining_files(const PretrainingOptions& options);

// Trains into options.output: forward.h5, backward.h5, their checkpoints and log.jsonl. Same
// seed and settings: the same bits, interrupted or not, whatever the threads, both or one.
// Throws UsageError for settings that contradict each other or the checkpoint (by name),
// Interrupted after SIGINT or SIGTERM when the checkpoints are written, Error otherwise: also where
// the loss at the end is worse than guessing (divergence.h), when all is written.
//
// processes: that share the work; all call it with the same options. The bits are those of a single
// process. Of both directions without a common encoder each is trained by one half of them. The
// first process of a direction alone writes its files, logs and returns results; the others read
// the same files under the same names, but for --dev.
std::vector<PretrainingResult> pretrain(const PretrainingOptions& options,
                                        Processes& processes = lone_process());

}  // namespace elmo
