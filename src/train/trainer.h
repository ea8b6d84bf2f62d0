// The loop under every training: steps, development measurements, checkpoints, the progress,
// interruption and failure, of one trainer or of several side by side.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace elmo {

// Thrown by a measurement that is broken off because the training is to stop.
struct MeasurementStopped {};

// What is trained. It is used by one thread at a time.
//
// The loop asks anew before each action, so that a checkpoint taken at any time goes on with
// whatever was due: first the measurement, then the checkpoint, then the next step.
class Trainer {
 public:
  virtual ~Trainer() = default;

  // Has all that was asked for been trained?
  virtual bool finished() const = 0;
  // One update of the weights. It may find that there is nothing more to train on and so finish.
  // Where it throws, the trainer has handed over a checkpoint of what is done if it could.
  virtual void step() = 0;
  // The development measurement: is it to be taken now? The last one is due once finished().
  virtual bool measurement_due() const = 0;
  // Takes and judges it. Calls `pause` now and then and lets MeasurementStopped pass, which that
  // throws, or throws it itself, after which the measurement is due still.
  virtual void measure(const std::function<void()>& pause) = 0;
  // To go on from later. checkpoint() may return before it is written; settle() does not, and
  // throws what the writing threw.
  virtual bool checkpoint_due() const = 0;
  virtual void checkpoint() = 0;
  virtual void settle() = 0;
  // The last files, once finished and measured.
  virtual void end() = 0;

  // The share of the work that is done, 0 to 1, and what stands beside it: "step 20 loss 4.2".
  virtual double progress() const = 0;
  virtual std::string status() const = 0;
};

struct TrainingLoop {
  std::string title;  // of the progress
  // Threads that trainers run on, one a trainer; with 1 they take turns.
  int hosts = 1;
  // Called once, on any of them, when the first steps tell how long the rest will take.
  std::function<void(double seconds_left)> forecast;
  // Is the training to stop? Asked between actions. Empty: interrupted().
  std::function<bool()> stop;
  bool quiet = false;  // without a progress
  // How a resumed training is told to go on: "--resume goes on (step 20)".
  std::function<std::string()> advice;
};

// Trains all to their ends. The first failure of any stops the others before their next step, is
// thrown when their checkpoints are written, and comes alone; SIGINT and SIGTERM stop all in the
// same way and throw Interrupted. Nothing runs any more when it returns or throws.
void run_trainers(std::span<Trainer* const> trainers, const TrainingLoop& loop);

}  // namespace elmo
