// Trains a classifier or tagger with one seed after another.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/resume_guard.h"
#include "io/tensor_image.h"
#include "task/training.h"
#include "train/background_writer.h"
#include "train/best_so_far.h"
#include "train/trainer.h"
#include "train/training_log.h"

namespace elmo::task {

// The settings that decide the result of a task's training (io/resume_guard.h). --epochs may
// change, and so may the path of the language model, but not its hash.
RunSettings run_settings(const Settings& network, const std::vector<float>& word_vectors,
                         const Data& train, const Data& dev, const TrainingOptions& options);

// The settings that a checkpoint or a finished task was trained with. Throws Error for one of an
// older version.
RunSettings trained_settings(const nlohmann::json& json, const std::filesystem::path& path);

class NetworkTrainer final : public Trainer {
 public:
  // All arguments must outlive it. Resumes the checkpoint beside options.output if options.resume
  // is set and there is one. Throws UsageError if it contradicts `run`.
  NetworkTrainer(Network& network, RunSettings run, const std::vector<float>& word_vectors,
                 const Data& train, const Data& dev, const TrainingOptions& options,
                 const TrainingLog& log, BackgroundWriter& writer, Workers& workers);

  bool finished() const override { return is_last_seed() && seed_is_done(); }
  void step() override;
  bool measurement_due() const override {
    return !batches_.empty() && at_.batch == batches_.size();
  }
  // Evaluates the development set after an epoch.
  void measure(const std::function<void()>& pause) override;
  bool checkpoint_due() const override { return measured_ && saved_step_ != at_.step; }
  void checkpoint() override;
  void settle() override { pending_.wait(); }
  // Writes the best weights of all seeds to options.output.
  void end() override;
  double progress() const override;
  std::string status() const override;

  bool was_finished() const { return was_finished_; }  // before this run
  const std::vector<SeedResult>& seeds() const { return seeds_; }
  // What is wrong with the last epoch's loss; empty if nothing is.
  std::string divergence() const;

 private:
  using Weights = std::vector<std::vector<float>>;

  // The state of the training besides the weights.
  struct Position {
    int seed = 0;  // index into options.seeds
    int epoch = 0;
    std::size_t batch = 0;  // the next one of the epoch
    std::uint64_t step = 0;
    // Of the epoch so far: sums over its batches of the loss and of the gradients' norm, and the
    // number of batches whose gradients were clipped.
    double loss = 0, norms = 0;
    std::uint64_t clipped = 0;
    double last_loss = 0;  // mean of the last complete epoch; 0 before

    nlohmann::json to_json() const;
    void read(const nlohmann::json& json);
  };

  std::uint64_t seed() const { return options_.seed + static_cast<std::uint64_t>(at_.seed); }
  bool is_last_seed() const { return at_.seed + 1 == options_.seeds; }
  bool seed_is_done() const {
    return at_.batch == 0 && (at_.epoch >= options_.epochs || best_.out_of_patience());
  }
  std::int64_t targets() const;
  void begin_seed();
  // Records the seed's result, and its weights if they are the best of all seeds so far.
  void close_seed();
  void finish_epoch(const Evaluation& evaluation);
  Weights weights() const;
  void set_weights(const Weights& values);
  TensorImage checkpoint_image() const;
  void load_checkpoint(const std::filesystem::path& path);
  void load_state(const TensorFileReader& reader);
  void check_epochs(int before, const std::filesystem::path& path) const;

  Network& network_;
  RunSettings run_;
  const std::vector<float>& word_vectors_;
  const Data& train_;
  const Data& dev_;
  const TrainingOptions& options_;
  const TrainingLog& log_;
  BackgroundWriter& writer_;
  Workers& workers_;
  double rate_;
  std::vector<float> class_weights_;
  std::unique_ptr<Optimizer> optimizer_;
  std::vector<std::vector<std::uint32_t>> batches_;  // of the epoch; empty before its first step
  Position at_;
  BestSoFar best_;
  double winner_ = -1;  // the best result of the finished seeds
  Weights best_weights_, winner_weights_;
  std::vector<SeedResult> seeds_;  // finished seeds
  bool finished_ = false;          // all seeds are finished and the output is written
  bool was_finished_ = false, measured_ = false, warned_of_divergence_ = false;
  std::optional<std::uint64_t> saved_step_;
  std::optional<double> running_loss_;
  std::chrono::steady_clock::time_point epoch_start_;  // in this process
  PendingWrite pending_;
};

// The number of batches in an epoch.
std::int64_t batches_of(const Data& data, const TrainingOptions& options);

// Conversion of results to and from a task file's JSON.
nlohmann::json to_json(const std::vector<SeedResult>& seeds);
std::vector<SeedResult> seed_results(const nlohmann::json& json);

}  // namespace elmo::task
