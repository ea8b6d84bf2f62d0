// Trains one direction's language model.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "io/tensor_image.h"
#include "lm/engine.h"
#include "lm/perplexity.h"
#include "lm/pretraining.h"
#include "lm/pretraining_settings.h"
#include "lm/starting_model.h"
#include "lm/training_meter.h"
#include "lm/training_text.h"
#include "parallel/processes.h"
#include "train/background_writer.h"
#include "train/best_so_far.h"
#include "train/trainer.h"
#include "train/training_log.h"

namespace elmo {

// The path of "forward.checkpoint.h5" in a model folder.
std::filesystem::path checkpoint_file(const std::filesystem::path& folder, Direction direction);

// Opens a checkpoint. Throws Error for one of an older version, saying what to do.
TensorFileReader open_checkpoint(const std::filesystem::path& path);

struct DevelopmentText {
  std::vector<std::string> files;  // empty: nothing is measured
  std::string fingerprint;
};

// What the training of a direction starts from, before its text is read.
struct DirectionStart {
  Direction direction;
  // Only one training at a time may write a direction into a folder. Its first process has the
  // lock.
  std::unique_ptr<FileLock> lock;
  StartingModel start;
  std::optional<TensorFileReader> checkpoint;  // to resume from
};

class DirectionTrainer final : public Trainer {
 public:
  // Everything but `start` must outlive the trainer. Reads the text once, and the checkpoint.
  // Throws UsageError if the settings contradict the checkpoint.
  //
  // `processes` share this direction: all of them construct it and call its functions together.
  // Only the first writes files and logs; `log` is null for the others. An error in one is thrown
  // in all, unless it concerns that process alone.
  DirectionTrainer(const PretrainingOptions& options, const CorpusOptions& text,
                   const DevelopmentText& dev, DirectionStart start, int threads,
                   const TrainingLog* log, BackgroundWriter& writer,
                   Processes& processes = lone_process());

  bool finished() const override;
  void step() override;
  bool measurement_due() const override;
  void measure(const std::function<void()>& pause) override { judge(perplexity(pause)); }
  bool checkpoint_due() const override;
  void checkpoint() override;
  void settle() override;
  void end() override;
  double progress() const override;
  std::string status() const override;

  // The parts of step() and measure(), for directions that share their token encoder and so train
  // step by step together: read() reads the next window (false: the text and the training have
  // ended), back() returns it to the text, compute() computes its gradients, squares() is their sum
  // of squares, and update() updates the weights, given the global norm to clip by.
  bool read();
  void back();
  void compute();
  double squares();
  double encoder_squares();  // of the token encoder only
  void update(double norm);
  double perplexity(const std::function<void()>& pause);
  void judge(double perplexity);
  // A checkpoint in memory: the model file, if it is due, and the rest. They are complete in the
  // first process only.
  std::optional<TensorImage> model_image();
  TensorImage checkpoint_image();
  void set_saved() { saved_step_ = step_; }

  // What must be equal in all processes of this direction.
  std::vector<Fact> facts();
  // Has any process been asked to stop? The answer is the same in all processes.
  bool stop_asked() const { return stop_asked_; }
  Slices& slices() { return *slices_; }

  bool was_finished() const { return was_finished_; }  // before this run
  bool is_new() const { return !resumed_; }
  Direction direction() const { return direction_; }
  std::uint64_t steps() const { return step_; }
  LanguageModel& model() { return *model_; }
  // Call it after the weights were changed from outside.
  void pack();
  PretrainingResult result() const;
  // What is wrong with the last loss; empty if nothing is.
  std::string divergence() const;

 private:
  // Chooses what a new training derives from its text.
  void begin(const StartingModel& start);
  TensorImage weights_image();
  void load_checkpoint(const TensorFileReader& reader);
  void settle_state(const nlohmann::json& state);
  void report();
  [[noreturn]] void fail_without_number();
  bool speaks() const { return processes_.is_first(); }
  void write_log(const nlohmann::ordered_json& line) const {
    if (log_ != nullptr) log_->write(line);
  }
  PerplexityResult measured(const std::function<void()>& pause);
  bool steps_reached() const { return options_.steps != 0 && step_ >= options_.steps; }
  std::string_view name() const { return direction_name(direction_); }

  const PretrainingOptions& options_;
  const DevelopmentText& dev_;
  const Direction direction_;
  const TrainingLog* log_;
  BackgroundWriter& writer_;
  Processes& processes_;
  std::unique_ptr<FileLock> lock_;
  Workers workers_;
  std::unique_ptr<LanguageModel> model_;
  bool frozen_encoder_, resumed_;
  TrainingText text_;
  RunSettings settings_;
  TrainingValues values_;
  std::unique_ptr<Slices> slices_;
  std::unique_ptr<Optimizer> optimizer_;
  PhaseClock clock_;
  std::unique_ptr<Engine> engine_;
  TrainingMeter meter_;
  BestSoFar best_;
  PendingWrite pending_model_, pending_checkpoint_;

  Window window_;
  double nll_ = 0;  // of the window, in nats
  std::uint64_t step_ = 0, units_ = 0;
  std::optional<std::uint64_t> saved_step_, measured_step_;
  bool text_ended_ = false, was_finished_ = false, warned_of_divergence_ = false;
  bool stop_asked_ = false;
  // Counts of this run's steps after its first one.
  std::uint64_t steps_here_ = 0, measured_units_ = 0;
};

}  // namespace elmo
