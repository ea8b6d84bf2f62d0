// The training loop: steps, development measurements, checkpoints, progress, interruption and
// failure, for one trainer or several side by side.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace elmo {

// Thrown to abort a measurement because the training must stop.
struct MeasurementStopped {};

// One training. Not thread-safe.
//
// Before each action the loop asks again what is due: first the measurement, then the checkpoint,
// then the next step. So a run resumed from any checkpoint continues with whatever was due.
class Trainer {
 public:
  virtual ~Trainer() = default;

  // Has everything that was asked for been trained?
  virtual bool finished() const = 0;
  // One update of the weights, or none if the text has ended, after which finished() is true.
  // Before it throws, the trainer saves a checkpoint if it can.
  virtual void step() = 0;
  // Is the development measurement due now? The last one is due once finished().
  virtual bool measurement_due() const = 0;
  // Takes the measurement and decides whether it is the best. Calls `pause` from time to time,
  // which may throw MeasurementStopped; that is passed on, and the measurement stays due.
  virtual void measure(const std::function<void()>& pause) = 0;
  // checkpoint() saves what a resume needs and may return before it is written; settle() waits
  // until it is written and throws if that failed.
  virtual bool checkpoint_due() const = 0;
  virtual void checkpoint() = 0;
  virtual void settle() = 0;
  // Writes the last files, once finished and measured.
  virtual void end() = 0;

  // The share of the work that is done, 0 to 1, and a text beside it in the progress display: "step
  // 20 loss 4.2".
  virtual double progress() const = 0;
  virtual std::string status() const = 0;
};

struct TrainingLoop {
  std::string title;  // of the progress display
  // Number of threads that run trainers, each its own trainer; with 1 the trainers take turns.
  int hosts = 1;
  // Called once, on any of these threads, when the first steps have shown how long the rest will
  // take.
  std::function<void(double seconds_left)> forecast;
  // Should the training stop? Called between actions. Empty: interrupted().
  std::function<bool()> stop;
  bool quiet = false;  // no progress display
  // How to resume, for the message of an interruption: "--resume goes on (step 20)".
  std::function<std::string()> advice;
};

// Runs all trainers until they finish. If one fails, the others stop before their next step and
// write their checkpoints; then the first failure is thrown. SIGINT and SIGTERM stop all in the
// same way and throw Interrupted. All its threads have ended when it returns or throws.
void run_trainers(std::span<Trainer* const> trainers, const TrainingLoop& loop);

}  // namespace elmo
