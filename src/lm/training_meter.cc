#include "lm/training_meter.h"

#include <algorithm>

namespace elmo {

void TrainingMeter::add(double nll, std::uint64_t units, double norm, bool clipped) {
  nll_ += nll;
  norms_ += norm;
  units_ += units;
  units_here_ += units;
  ++steps_;
  clipped_ += clipped ? 1 : 0;
}

double TrainingMeter::speed_since_report() const {
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  return static_cast<double>(units_here_) / std::max(seconds, 1e-9);
}

TrainingMeter::Report TrainingMeter::take() {
  const auto steps = static_cast<double>(std::max<std::uint64_t>(1, steps_));
  Report report;
  report.loss = nll_ / static_cast<double>(std::max<std::uint64_t>(1, units_));
  report.units_per_second = speed_since_report();
  report.gradient_norm = norms_ / steps;
  report.clipped = static_cast<double>(clipped_) / steps;
  last_loss_ = report.loss;
  last_speed_ = report.units_per_second;
  nll_ = norms_ = 0;
  units_ = steps_ = clipped_ = units_here_ = 0;
  start_ = Clock::now();
  return report;
}

std::optional<double> TrainingMeter::loss() const {
  if (last_loss_ || units_ == 0) return last_loss_;
  return nll_ / static_cast<double>(units_);
}

double TrainingMeter::units_per_second() const {
  return last_speed_ != 0 ? last_speed_ : speed_since_report();
}

nlohmann::json TrainingMeter::to_json() const {
  return {{"nll", nll_},         {"norms", norms_},
          {"units", units_},     {"steps", steps_},
          {"clipped", clipped_}, {"last_loss", last_loss_ ? nlohmann::json(*last_loss_) : nullptr}};
}

void TrainingMeter::read(const nlohmann::json& json) {
  json.at("nll").get_to(nll_);
  json.at("norms").get_to(norms_);
  json.at("units").get_to(units_);
  json.at("steps").get_to(steps_);
  json.at("clipped").get_to(clipped_);
  if (!json.at("last_loss").is_null()) last_loss_ = json.at("last_loss").get<double>();
}

}  // namespace elmo
