#include "train/trainer.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <mutex>
#include <vector>

#include "base/interrupt.h"
#include "base/progress.h"
#include "compute/workers.h"
#include "elmo/error.h"

namespace elmo {
namespace {

// Steps after which the remaining time is estimated. The first step is not counted, because it
// allocates memory and creates kernels.
constexpr std::uint64_t kForecastSteps = 20;
constexpr std::uint64_t kProgressUnits = 1'000'000;

using Clock = std::chrono::steady_clock;

class Loop {
 public:
  Loop(std::span<Trainer* const> trainers, const TrainingLoop& loop)
      : loop_(loop), progress_(loop.title, kProgressUnits, progress_options(trainers, loop.quiet)) {
    for (Trainer* trainer : trainers) rows_.push_back({.trainer = trainer});
  }

  void run() {
    Workers hosts(std::min(loop_.hosts, static_cast<int>(rows_.size())));
    hosts.run([&](int index) {
      bool more = true;
      while (more) {
        more = false;
        for (std::size_t i = static_cast<std::size_t>(index); i < rows_.size();
             i += static_cast<std::size_t>(hosts.count())) {
          more = advance(rows_[i]) || more;
        }
      }
    });
    if (failure_) std::rethrow_exception(failure_);
    if (stopped_) throw Interrupted("interrupted; the checkpoint is written, " + loop_.advice());
    progress_.finish(text());
  }

 private:
  struct Row {
    Trainer* trainer;
    bool ended = false;
    std::uint64_t steps = 0;
    double first_progress = 0;  // after the first step of this run
    Clock::time_point first_time;
    std::string status;
    double done = 0;
  };

  static ProgressOptions progress_options(std::span<Trainer* const> trainers, bool quiet) {
    double done = 1;
    for (const Trainer* trainer : trainers) done = std::min(done, trainer->progress());
    ProgressOptions options;
    options.initial = static_cast<std::uint64_t>(done * kProgressUnits);
    if (quiet) {
      options.terminal = ProgressOptions::Terminal::kNo;
      options.print = [](std::string_view) {};
    }
    return options;
  }

  bool stopping() const { return failed_ || (loop_.stop ? loop_.stop() : interrupted()); }

  // Performs one action of a trainer; false if the trainer has ended.
  bool advance(Row& row) {
    if (row.ended) return false;
    try {
      act(row);
    } catch (const MeasurementStopped&) {
      // A checkpoint is written in the next round.
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
      failed_ = true;
      row.ended = true;
    }
    return !row.ended;
  }

  void act(Row& row) {
    Trainer& trainer = *row.trainer;
    const auto pause = [this] {
      if (stopping()) throw MeasurementStopped();
    };
    if (stopping()) {
      trainer.checkpoint();
      trainer.settle();
      row.ended = true;
      stopped_ = true;
    } else if (trainer.measurement_due()) {
      trainer.measure(pause);
    } else if (trainer.checkpoint_due()) {
      trainer.checkpoint();
    } else if (trainer.finished()) {
      trainer.end();
      trainer.settle();
      row.ended = true;
      show(row);
    } else {
      trainer.step();
      ++row.steps;
      show(row);
    }
  }

  void show(Row& row) {
    const std::lock_guard lock(mutex_);
    row.done = std::clamp(row.trainer->progress(), 0.0, 1.0);
    row.status = row.trainer->status();
    if (row.steps == 1) {
      row.first_progress = row.done;
      row.first_time = Clock::now();
    }
    double done = 1;
    for (const Row& one : rows_) done = std::min(done, one.done);
    progress_.update(static_cast<std::uint64_t>(done * kProgressUnits), text());
    if (row.steps > kForecastSteps && !forecast_ && row.done > row.first_progress) {
      forecast_ = true;
      const double seconds = std::chrono::duration<double>(Clock::now() - row.first_time).count();
      if (loop_.forecast) {
        loop_.forecast(seconds / (row.done - row.first_progress) * (1 - row.done));
      }
    }
  }

  std::string text() const {
    std::string joined;
    for (const Row& row : rows_) {
      if (!row.status.empty()) joined += (joined.empty() ? "" : " | ") + row.status;
    }
    return joined;
  }

  const TrainingLoop& loop_;
  Progress progress_;
  std::vector<Row> rows_;
  std::mutex mutex_;  // guards the progress display and failure_
  std::exception_ptr failure_;
  std::atomic<bool> failed_{false}, stopped_{false};
  bool forecast_ = false;
};

}  // namespace

void run_trainers(std::span<Trainer* const> trainers, const TrainingLoop& loop) {
  const InterruptGuard guard;
  Loop(trainers, loop).run();
}

}  // namespace elmo
