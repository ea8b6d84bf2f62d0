// The numbers that a training reports: means over the steps since the last report.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

namespace elmo {

class TrainingMeter {
 public:
  // Adds one step: its summed loss (nats), its number of predictions, the global norm of the
  // gradients before clipping, and whether they were clipped.
  void add(double nll, std::uint64_t units, double norm, bool clipped);

  struct Report {
    double loss = 0;              // nats for each unit
    double units_per_second = 0;  // of this process
    double gradient_norm = 0;     // mean over the steps
    double clipped = 0;           // share of the steps
  };
  bool is_empty() const { return units_ == 0; }
  // Reports on the steps since the last report and starts anew.
  Report take();

  // From the last report or, before the first one, from the steps so far; empty before the first
  // step.
  std::optional<double> loss() const;
  double units_per_second() const;
  // The time between pause() and go_on() is not counted.
  void pause() { paused_ = Clock::now(); }
  void go_on() { start_ += Clock::now() - paused_; }

  // Everything but the speed, for checkpoints.
  nlohmann::json to_json() const;
  void read(const nlohmann::json& json);

 private:
  using Clock = std::chrono::steady_clock;
  double speed_since_report() const;

  double nll_ = 0, norms_ = 0;
  std::uint64_t units_ = 0, steps_ = 0, clipped_ = 0;
  std::uint64_t units_here_ = 0;  // in this process: a resumed run has not taken all steps itself
  std::optional<double> last_loss_;
  double last_speed_ = 0;
  Clock::time_point start_ = Clock::now(), paused_;
};

}  // namespace elmo
