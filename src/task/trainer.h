// A classifier or tagger in training: its seeds, one after another.
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

// What decides the result of a task's training (io/resume_guard.h). --epochs may differ, and so
// may the place of the language model, not its hash.
RunSettings run_settings(const Settings& network, const std::vector<float>& word_vectors,
                         const Data& train, const Data& dev, const TrainingOptions& options);

// What a checkpoint or a finished task says it was trained with. Throws Error for one of an older
// version.
RunSettings trained_settings(const nlohmann::json& json, const std::filesystem::path& path);

class NetworkTrainer final : public Trainer {
 public:
  // All outlive it. Goes on from the checkpoint beside options.output where options.resume asks for
  // it and it is there. Throws UsageError where that contradicts `run`.
  NetworkTrainer(Network& network, RunSettings run, const std::vector<float>& word_vectors,
                 const Data& train, const Data& dev, const TrainingOptions& options,
                 const TrainingLog& log, BackgroundWriter& writer, Workers& workers);

  bool finished() const override { return is_last_seed() && seed_is_done(); }
  void step() override;
  bool measurement_due() const override {
    return !batches_.empty() && at_.batch == batches_.size();
  }
  // The development set, behind an epoch.
  void measure(const std::function<void()>& pause) override;
  bool checkpoint_due() const override { return measured_ && saved_step_ != at_.step; }
  void checkpoint() override;
  void settle() override { pending_.wait(); }
  // The best weights of all seeds into options.output.
  void end() override;
  double progress() const override;
  std::string status() const override;

  bool was_finished() const { return was_finished_; }  // before this run began
  const std::vector<SeedResult>& seeds() const { return seeds_; }
  // What is wrong with the last epoch's loss; empty: nothing.
  std::string divergence() const;

 private:
  using Weights = std::vector<std::vector<float>>;

  // Where the training is, besides its weights.
  struct Position {
    int seed = 0;  // of options.seeds, from 0
    int epoch = 0;
    std::size_t batch = 0;  // the next one of the epoch
    std::uint64_t step = 0;
    // Over the batches of the epoch so far: sums of the losses and of the gradients' norms, and how
    // many were clipped.
    double loss = 0, norms = 0;
    std::uint64_t clipped = 0;
    double last_loss = 0;  // the mean of the last whole epoch; 0 before

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
  // Its result, and its weights where they are the best of all seeds so far.
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
  double winner_ = -1;  // the best result of the seeds that are done
  Weights best_weights_, winner_weights_;
  std::vector<SeedResult> seeds_;  // that are done
  bool finished_ = false;          // all seeds, and the output is written
  bool was_finished_ = false, measured_ = false, warned_of_divergence_ = false;
  std::optional<std::uint64_t> saved_step_;
  std::optional<double> running_loss_;
  std::chrono::steady_clock::time_point epoch_start_;  // in this process
  PendingWrite pending_;
};

// In an epoch.
std::int64_t batches_of(const Data& data, const TrainingOptions& options);

// For the results in a task's file.
nlohmann::json to_json(const std::vector<SeedResult>& seeds);
std::vector<SeedResult> seed_results(const nlohmann::json& json);

}  // namespace elmo::task
