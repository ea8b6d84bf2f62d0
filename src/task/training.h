// Training of classifiers and taggers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "compute/workers.h"
#include "nn/optimizer.h"
#include "task/data.h"
#include "task/network.h"

namespace elmo::task {

struct TrainingOptions {
  std::filesystem::path output;  // TASK.h5
  int epochs = 10;
  // Stop after this many epochs without an improvement on the development set; 0: never.
  int patience = 3;
  int batch_size = 32;  // texts
  OptimizerKind optimizer = OptimizerKind::kAdam;
  double learning_rate = 0;  // 0: 0.003 for adam, 0.1 for sgd
  double decay = 0.01;
  double clip = 5;
  // Weight each label by its inverse frequency, so that rare classes count as much as common ones.
  bool class_weights = false;
  float mix_l2 = 0.001f;       // strength of L2 on the raw weights of the scalar mix
  float mix_deviation = 0.0f;  // standard deviation of their initial values; 0: equal weights
  std::uint64_t seed = 1;
  int seeds = 1;  // seed, seed + 1, ...
  // How ELMo's vectors were computed: the precision of the language model's products, or the
  // fingerprints of the dumps. They only serve to refuse a resume with other vectors.
  std::string precision, vectors, dev_vectors;
  bool resume = false;
  bool overwrite = false;
};

struct SeedResult {
  std::uint64_t seed;
  double best;  // on the development set: Evaluation::selection()
  int epoch;    // the epoch that gave it, from 1
};

struct TrainingReport {
  std::vector<SeedResult> seeds;
  double mean = 0, spread = 0;  // standard deviation (n - 1), 0 for one seed
  bool already_finished = false;
};

// Creates the folder of TASK.h5 and locks it for this process as long as the lock lives. Throws
// Error if another process is training into it.
FileLock lock_output(const std::filesystem::path& output);
// Call it before any work. Throws Error if the output exists and neither resume nor overwrite is
// set.
void check_output(const TrainingOptions& options);

// TASK.checkpoint.h5 and TASK.log.jsonl, beside TASK.h5.
std::filesystem::path checkpoint_path(const std::filesystem::path& output);
std::filesystem::path log_path(const std::filesystem::path& output);

// The precision that --precision auto chose when the training to be resumed began; nullopt without
// a checkpoint.
std::optional<std::string> trained_precision(const std::filesystem::path& output);

// Trains one network for each seed and writes the best of all to options.output. `word_vectors`:
// initial vectors of words 1, 2, ..., row-major (may be empty). The bits do not depend on the
// number of threads or on interruptions. A resumed training may have more epochs than before; for
// any other setting that differs UsageError names it. Throws Interrupted after the checkpoint was
// written.
TrainingReport train(const Settings& settings, const LabelSet& labels, const Vocabulary& vocabulary,
                     const std::vector<float>& word_vectors, const Data& train, const Data& dev,
                     const TrainingOptions& options, Workers& workers);

}  // namespace elmo::task
