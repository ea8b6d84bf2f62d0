// The training loop, with trainers that only count.
#include "train/trainer.h"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

#include "elmo/error.h"

namespace elmo {
namespace {

using testing::ElementsAre;

struct Counter : Trainer {
  explicit Counter(std::uint64_t wanted) : goal(wanted) {}

  bool finished() const override { return steps >= goal; }
  void step() override {
    ++steps;
    if (steps == fails_at) throw Error("step " + std::to_string(steps) + " failed");
    if (steps == signals_at) std::raise(SIGINT);
    if (waits) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  bool measurement_due() const override {
    return steps != 0 && measured != steps && (steps % 4 == 0 || finished());
  }
  void measure(const std::function<void()>& pause) override {
    if (steps == signals_in_measurement_at) std::raise(SIGINT);
    pause();
    measured = steps;
    done.push_back("measure " + std::to_string(steps));
  }
  bool checkpoint_due() const override { return steps != 0 && steps % 3 == 0 && saved != steps; }
  void checkpoint() override {
    saved = steps;
    done.push_back("save " + std::to_string(steps));
    if (save_fails) throw Error("disk full");
  }
  void settle() override { settled = saved; }
  void end() override {
    done.push_back("end");
    saved = steps;
  }
  double progress() const override {
    return static_cast<double>(steps) / static_cast<double>(goal);
  }
  std::string status() const override { return "step " + std::to_string(steps); }

  std::uint64_t goal, steps = 0, measured = 0, saved = 0, settled = 0;
  std::uint64_t fails_at = 0, signals_at = 0, signals_in_measurement_at = 0;
  bool waits = false, save_fails = false;
  std::vector<std::string> done;
};

void run(std::vector<Trainer*> trainers, int hosts = 1) {
  run_trainers(trainers, {.title = "try", .hosts = hosts, .forecast = {}, .advice = [] {
                            return std::string("go on");
                          }});
}

TEST(TrainingLoopTest, MeasuresThenSavesThenEnds) {
  Counter one(13);
  run({&one});
  EXPECT_THAT(one.done, ElementsAre("save 3", "measure 4", "save 6", "measure 8", "save 9",
                                    "measure 12", "save 12", "measure 13", "end"));
  EXPECT_EQ(one.settled, 13u);
}

TEST(TrainingLoopTest, WhatIsFinishedOnlyEnds) {
  Counter one(0);
  run({&one});
  EXPECT_THAT(one.done, ElementsAre("end"));
}

TEST(TrainingLoopTest, AFailureStopsTheOthersAtOnceAndTheirStateIsSaved) {
  for (const int hosts : {1, 2}) {
    Counter bad(1000), good(1'000'000'000);
    bad.fails_at = 5;
    good.waits = true;
    try {
      run({&good, &bad}, hosts);
      FAIL();
    } catch (const Error& error) {
      EXPECT_STREQ(error.what(), "step 5 failed");
    }
    EXPECT_LT(good.steps, 1000u);
    EXPECT_EQ(good.settled, good.steps) << "what was done is on the disk";
  }
}

TEST(TrainingLoopTest, TheFirstFailureComesAlone) {
  Counter bad(1000), also(1'000'000'000);
  bad.fails_at = 2;
  also.save_fails = true;
  EXPECT_THROW(run({&bad, &also}), Error);
  try {
    bad.steps = also.steps = 0;
    run({&bad, &also});
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "step 2 failed");
  }
}

TEST(TrainingLoopTest, ASignalSavesAndSaysHowToGoOn) {
  Counter one(1000);
  one.signals_at = 7;
  try {
    run({&one});
    FAIL();
  } catch (const Interrupted& error) {
    EXPECT_STREQ(error.what(), "interrupted; the checkpoint is written, go on");
  }
  EXPECT_EQ(one.steps, 7u);
  EXPECT_EQ(one.settled, 7u);
}

TEST(TrainingLoopTest, AMeasurementIsBrokenOffAndIsDueAgain) {
  Counter one(1000);
  one.signals_in_measurement_at = 8;
  EXPECT_THROW(run({&one}), Interrupted);
  EXPECT_EQ(one.done.back(), "save 8");
  EXPECT_EQ(one.measured, 4u);
  EXPECT_TRUE(one.measurement_due());
  one.goal = 9;
  one.signals_in_measurement_at = 0;
  one.done.clear();
  run({&one});
  EXPECT_THAT(one.done, ElementsAre("measure 8", "measure 9", "save 9", "end"));
}

TEST(TrainingLoopTest, TheForecastComesOnceAndIsOfThisRun) {
  Counter one(10'000);
  one.steps = 9'900;
  one.waits = true;
  int forecasts = 0;
  double seconds = 0;
  Trainer* const all[] = {&one};
  run_trainers(all, {.title = "try",
                     .hosts = 1,
                     .forecast =
                         [&](double left) {
                           ++forecasts;
                           seconds = left;
                         },
                     .advice = [] { return std::string(); }});
  EXPECT_EQ(forecasts, 1);
  // 79 steps of a millisecond or more are left, not 9,979.
  EXPECT_GT(seconds, 0.07);
  EXPECT_LT(seconds, 3);
}

}  // namespace
}  // namespace elmo
