#include "lm/training_meter.h"

#include <gtest/gtest.h>

namespace elmo {
namespace {

TEST(TrainingMeterTest, MeansSinceTheLastReport) {
  TrainingMeter meter;
  EXPECT_FALSE(meter.loss().has_value()) << "no step, no number";
  EXPECT_TRUE(meter.is_empty());
  meter.add(30, 10, 4, true);
  EXPECT_DOUBLE_EQ(*meter.loss(), 3) << "before the first report: so far";
  meter.add(10, 30, 2, false);
  const TrainingMeter::Report report = meter.take();
  EXPECT_DOUBLE_EQ(report.loss, 1);
  EXPECT_DOUBLE_EQ(report.gradient_norm, 3);
  EXPECT_DOUBLE_EQ(report.clipped, 0.5);
  EXPECT_GT(report.units_per_second, 0);
  EXPECT_TRUE(meter.is_empty());
  meter.add(50, 10, 1, false);
  EXPECT_DOUBLE_EQ(*meter.loss(), 1) << "of the last report";
  EXPECT_DOUBLE_EQ(meter.take().loss, 5);
}

TEST(TrainingMeterTest, GoesOnFromItsState) {
  TrainingMeter meter;
  meter.add(30, 10, 4, true);
  meter.take();
  meter.add(8, 4, 1, true);
  TrainingMeter other;
  other.read(nlohmann::json::parse(meter.to_json().dump()));
  EXPECT_DOUBLE_EQ(*other.loss(), 3);
  meter.add(2, 6, 3, false);
  other.add(2, 6, 3, false);
  const auto a = meter.take(), b = other.take();
  EXPECT_EQ(a.loss, b.loss);
  EXPECT_EQ(a.gradient_norm, b.gradient_norm);
  EXPECT_EQ(a.clipped, b.clipped);
}

}  // namespace
}  // namespace elmo
