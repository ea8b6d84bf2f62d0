#include "base/phases.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace elmo {
namespace {

void wait(int milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

TEST(PhaseClock, AddsUpToTheWallTime) {
  const auto start = std::chrono::steady_clock::now();
  PhaseClock clock;
  clock.enter("reading");
  wait(3);
  clock.enter("training");
  wait(6);
  clock.enter("reading");
  wait(3);
  clock.enter("end");
  const double wall =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  ASSERT_EQ(clock.phases().size(), 3u);
  EXPECT_EQ(clock.phases()[0].name, "reading");
  EXPECT_EQ(clock.phases()[1].name, "training");
  EXPECT_GE(clock.phases()[0].seconds, 0.006);
  EXPECT_GE(clock.phases()[1].seconds, 0.006);
  EXPECT_EQ(clock.phases()[2].seconds, 0.0);
  EXPECT_NEAR(clock.phases()[0].seconds + clock.phases()[1].seconds, wall, 0.002 + 0.01 * wall);
}

TEST(PhaseClock, ForgetsOnRestart) {
  PhaseClock clock;
  clock.enter("first step");
  wait(2);
  clock.restart();
  clock.enter("steps");
  clock.enter("end");
  EXPECT_EQ(clock.phases().front().name, "steps");
  EXPECT_LT(clock.phases().front().seconds, 0.002);
}

}  // namespace
}  // namespace elmo
