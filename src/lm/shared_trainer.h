// Trains two directions that share a token encoder, each with its own copy of it.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "compute/workers.h"
#include "lm/direction_trainer.h"

namespace elmo {

// Both directions add their gradients to both copies and clip by the norm over all trained
// parameters, so the copies stay bitwise equal. The best weights are those of one step for both.
class SharedTrainer final : public Trainer {
 public:
  // Both trainers must outlive it. Throws Error if they are at different steps, UsageError if their
  // units differ.
  SharedTrainer(DirectionTrainer& forward, DirectionTrainer& backward, int threads,
                BackgroundWriter& writer, Processes& processes = lone_process());

  // Repairs what a kill between writing the two checkpoints left in `folder`. Call it while holding
  // the forward direction's lock.
  static void settle_checkpoints(const std::filesystem::path& folder);

  bool finished() const override { return both_[0]->finished() || both_[1]->finished(); }
  void step() override;
  bool measurement_due() const override { return both_[0]->measurement_due(); }
  // Judges by the geometric mean of both perplexities.
  void measure(const std::function<void()>& pause) override;
  bool checkpoint_due() const override { return both_[0]->checkpoint_due(); }
  void checkpoint() override;
  void settle() override;
  void end() override {
    if (!both_[0]->was_finished() || !both_[1]->was_finished()) checkpoint();
  }
  double progress() const override { return both_[0]->progress(); }
  std::string status() const override { return both_[0]->status() + " | " + both_[1]->status(); }

 private:
  // Calls `work` for both directions, in parallel if there are two threads.
  void each(const std::function<void(DirectionTrainer&, int)>& work);
  void add_gradients();

  DirectionTrainer* both_[2];
  Workers hosts_;
  BackgroundWriter& writer_;
  Processes& processes_;
  PendingWrite pending_;
};

}  // namespace elmo
