#include "train/background_writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <thread>
#include <vector>

#include "elmo/error.h"

namespace elmo {
namespace {

TEST(BackgroundWriterTest, DoesJobsOfManyThreadsOneAtATimeAndEachThreadsInOrder) {
  std::vector<std::vector<int>> done(4);
  std::atomic<int> running{0};
  std::atomic<bool> alone{true};
  {
    BackgroundWriter writer;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 50; ++i) {
          writer.submit([&, t, i] {
            if (++running != 1) alone = false;
            done[static_cast<std::size_t>(t)].push_back(i);
            --running;
          });
        }
      });
    }
    for (auto& thread : threads) thread.join();
  }
  EXPECT_TRUE(alone);
  for (const auto& one : done) {
    ASSERT_EQ(one.size(), 50u) << "the destructor does what is left";
    EXPECT_TRUE(std::is_sorted(one.begin(), one.end()));
  }
}

TEST(PendingWriteTest, AFailureIsThrownOnceAndTheNextJobGoesOn) {
  BackgroundWriter writer;
  PendingWrite pending;
  pending.submit(writer, [] { throw Error("disk full"); });
  EXPECT_THROW(pending.wait(), Error);
  pending.wait();
  pending.check();
  bool written = false;
  pending.submit(writer, [&] { written = true; });
  pending.wait();
  EXPECT_TRUE(written);
  // The next submit() throws the failure of the previous job and submits nothing.
  pending.submit(writer, [] { throw Error("disk full"); });
  bool second = false;
  EXPECT_THROW(pending.submit(writer, [&] { second = true; }), Error);
  pending.wait();
  EXPECT_FALSE(second);
}

TEST(PendingWriteTest, CheckDoesNotWait) {
  BackgroundWriter writer;
  PendingWrite pending;
  std::promise<void> go;
  std::shared_future<void> gate = go.get_future().share();
  pending.submit(writer, [gate] {
    gate.wait();
    throw Error("late");
  });
  pending.check();
  go.set_value();
  EXPECT_THROW(
      {
        for (int i = 0; i < 10'000; ++i) {
          pending.check();
          std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
      },
      Error);
}

}  // namespace
}  // namespace elmo
