// Directions with one token encoder, each with a copy of it.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "compute/workers.h"
#include "lm/direction_trainer.h"

namespace elmo {

// Both add their gradients to both copies and clip by the norm of all that is trained, so the
// copies stay equal, bit for bit; the best weights are those of one step for both.
class SharedTrainer final : public Trainer {
 public:
  // Both outlive it. Throws Error where they stand at different steps, UsageError where their
  // units differ.
  SharedTrainer(DirectionTrainer& forward, DirectionTrainer& backward, int threads,
                BackgroundWriter& writer, Processes& processes = lone_process());

  // Puts right what a kill between the two checkpoints left in `folder`; under the forward
  // direction's lock.
  static void settle_checkpoints(const std::filesystem::path& folder);

  bool finished() const override { return both_[0]->finished() || both_[1]->finished(); }
  void step() override;
  bool measurement_due() const override { return both_[0]->measurement_due(); }
  // The geometric mean of both directions is what is judged.
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
  // Work for both, side by side.
  void each(const std::function<void(DirectionTrainer&, int)>& work);
  void add_gradients();

  DirectionTrainer* both_[2];
  Workers hosts_;
  BackgroundWriter& writer_;
  Processes& processes_;
  PendingWrite pending_;
};

}  // namespace elmo
