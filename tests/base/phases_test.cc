#include "base/phases.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace elmo {
namespace {

using Time = std::chrono::steady_clock;

void wait(int milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

double seconds(Time::time_point begin, Time::time_point end) {
  return std::chrono::duration<double>(end - begin).count();
}

// A busy machine may suspend the test anywhere, so the bounds are measured around and between the
// calls.
TEST(PhaseClock, AddsUpToTheWallTime) {
  const auto before = Time::now();
  PhaseClock clock;
  clock.enter("reading");
  const auto begin = Time::now();
  wait(3);
  clock.enter("training");
  wait(6);
  clock.enter("reading");
  wait(3);
  const auto end = Time::now();
  clock.enter("end");
  const auto after = Time::now();
  ASSERT_EQ(clock.phases().size(), 3u);
  EXPECT_EQ(clock.phases()[0].name, "reading");
  EXPECT_EQ(clock.phases()[1].name, "training");
  EXPECT_GE(clock.phases()[0].seconds, 0.006);
  EXPECT_GE(clock.phases()[1].seconds, 0.006);
  EXPECT_EQ(clock.phases()[2].seconds, 0.0);
  const double sum = clock.phases()[0].seconds + clock.phases()[1].seconds;
  EXPECT_GE(sum, seconds(begin, end) - 1e-9);
  EXPECT_LE(sum, seconds(before, after) + 1e-9);
}

TEST(PhaseClock, ForgetsOnRestart) {
  PhaseClock clock;
  clock.enter("first step");
  wait(2);
  const auto before = Time::now();
  clock.restart();
  clock.enter("steps");
  clock.enter("end");
  EXPECT_EQ(clock.phases().front().name, "steps");
  EXPECT_LE(clock.phases().front().seconds, seconds(before, Time::now()) + 1e-9);
}

}  // namespace
}  // namespace elmo
