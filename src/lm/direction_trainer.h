// One direction's language model in training.
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

// "forward.checkpoint.h5" in a model folder.
std::filesystem::path checkpoint_file(const std::filesystem::path& folder, Direction direction);

// A checkpoint of this version. Throws Error for an older one, with what to do.
TensorFileReader open_checkpoint(const std::filesystem::path& path);

struct DevelopmentText {
  std::vector<std::string> files;  // none: nothing is measured
  std::string fingerprint;
};

// What a direction begins with, before its text is read.
struct DirectionStart {
  Direction direction;
  // One training alone writes a direction into a folder; its first process has the lock.
  std::unique_ptr<FileLock> lock;
  StartingModel start;
  std::optional<TensorFileReader> checkpoint;  // to go on from
};

class DirectionTrainer final : public Trainer {
 public:
  // Everything but `start` outlives the trainer. Reads the text once and the checkpoint. Throws
  // UsageError where the settings contradict the checkpoint.
  //
  // processes: that share this direction. All make it and call its functions together; the first
  // alone writes files and logs (the others' `log` is null), and throw what one throws unless it is
  // said to be theirs alone.
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

  // step() and measure() in parts, for directions that share their token encoder and so go in
  // step: the next window (false: none, and the training has ended), its gradients, their sum of
  // squares, the update with gradients of that global norm. back() returns a window that was read.
  bool read();
  void back();
  void compute();
  double squares();
  double encoder_squares();  // of the token encoder alone
  void update(double norm);
  double perplexity(const std::function<void()>& pause);
  void judge(double perplexity);
  // A checkpoint as images: of the model file, where it is to be written now, and of the rest. Only
  // the first process's are whole.
  std::optional<TensorImage> model_image();
  TensorImage checkpoint_image();
  void set_saved() { saved_step_ = step_; }

  // What all processes of this direction must have alike.
  std::vector<Fact> facts();
  // Has any process been asked to stop? All get the same answer.
  bool stop_asked() const { return stop_asked_; }
  Slices& slices() { return *slices_; }

  bool was_finished() const { return was_finished_; }  // before this run began
  bool is_new() const { return !resumed_; }
  Direction direction() const { return direction_; }
  std::uint64_t steps() const { return step_; }
  LanguageModel& model() { return *model_; }
  // After a change of the weights from outside.
  void pack();
  PretrainingResult result() const;
  // What is wrong with the last loss; empty: nothing.
  std::string divergence() const;

 private:
  // What a training that is not resumed learns from its text beforehand.
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
  double nll_ = 0;  // of the window
  std::uint64_t step_ = 0, units_ = 0;
  std::optional<std::uint64_t> saved_step_, measured_step_;
  bool text_ended_ = false, was_finished_ = false, warned_of_divergence_ = false;
  bool stop_asked_ = false;
  // Of this run's steps after the first one.
  std::uint64_t steps_here_ = 0, measured_units_ = 0;
};

}  // namespace elmo
