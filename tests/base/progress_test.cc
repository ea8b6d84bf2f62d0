#include "base/progress.h"

#include <gmock/gmock.h>

#include <string>
#include <thread>
#include <vector>

namespace elmo {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Recorder {
  std::vector<std::string> lines;
  double time = 100;

  ProgressOptions options(ProgressOptions::Terminal terminal) {
    ProgressOptions result;
    result.terminal = terminal;
    result.print = [this](std::string_view text) { lines.emplace_back(text); };
    result.seconds = [this] { return time; };
    return result;
  }
};

TEST(ProgressTest, TerminalRedrawsAtMostTenTimesASecond) {
  Recorder recorder;
  Progress progress("dump", 1000, recorder.options(ProgressOptions::Terminal::kYes));
  for (int i = 1; i <= 1000; ++i) {
    recorder.time += 0.002;
    progress.update(static_cast<std::uint64_t>(i), "8.2k words/s");
  }
  EXPECT_GE(recorder.lines.size(), 19u);
  EXPECT_LE(recorder.lines.size(), 21u);
  EXPECT_THAT(recorder.lines[10],
              testing::MatchesRegex("dump  5. % .##########\\.*. 8.2k words/s  0:01 left"));
}

TEST(ProgressTest, PlainLinesAtIntervals) {
  Recorder recorder;
  auto options = recorder.options(ProgressOptions::Terminal::kNo);
  options.plain_percent = 25;
  options.plain_seconds = 30;
  Progress progress("epoch 1", 100, options);
  for (int i = 1; i <= 60; ++i) {
    recorder.time += i > 50 ? 10 : 1;
    progress.update(static_cast<std::uint64_t>(i), "loss 4.21");
  }
  progress.finish("loss 4.20");
  progress.update(61, "late");
  EXPECT_THAT(
      recorder.lines,
      ElementsAre("epoch 1  25 % loss 4.21  1:15 left", "epoch 1  50 % loss 4.21  0:50 left",
                  "epoch 1  53 % loss 4.21  1:11 left", "epoch 1  56 % loss 4.21  1:26 left",
                  "epoch 1  59 % loss 4.21  1:37 left", "epoch 1: done in 2:30, loss 4.20"));
}

TEST(ProgressTest, TimeLeftOfAResumedRunIgnoresWhatWasDoneBefore) {
  Recorder recorder;
  auto options = recorder.options(ProgressOptions::Terminal::kYes);
  options.initial = 900;
  Progress progress("pretrain", 1000, options);
  recorder.time += 50;
  progress.update(950);
  EXPECT_THAT(recorder.lines.back(), HasSubstr("0:50 left"));
}

TEST(ProgressTest, UnknownTotalShowsNeitherPercentNorTimeLeft) {
  Recorder recorder;
  Progress progress("vocab", 0, recorder.options(ProgressOptions::Terminal::kYes));
  recorder.time += 65;
  progress.update(5, "5 files");
  EXPECT_EQ(recorder.lines.back(), "vocab 5 files  1:05");
}

TEST(ProgressTest, ManyThreadsMayUpdate) {
  Recorder recorder;
  {
    Progress progress("x", 4000, recorder.options(ProgressOptions::Terminal::kNo));
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (std::uint64_t i = 0; i < 1000; ++i) progress.update(i * 4);
      });
    }
  }
  EXPECT_GE(recorder.lines.size(), 19u);
}

TEST(ProgressTest, StandardErrorIsTheDefault) {
  testing::internal::CaptureStderr();
  {
    ProgressOptions options;
    options.terminal = ProgressOptions::Terminal::kYes;
    Progress progress("x", 2, options);
    progress.update(1);
  }
  const std::string drawn = testing::internal::GetCapturedStderr();
  EXPECT_THAT(drawn, testing::StartsWith("\r\033[Kx  50 %"));
  EXPECT_THAT(drawn, testing::EndsWith("\n"));
  testing::internal::CaptureStderr();
  {
    ProgressOptions options;
    options.terminal = ProgressOptions::Terminal::kNo;
    Progress progress("x", 2, options);
    progress.update(1);
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "x  50 %  0:00 left\n");
}

TEST(FormatTest, DurationsAndCounts) {
  EXPECT_EQ(format_duration(6.6), "0:07");
  EXPECT_EQ(format_duration(754), "12:34");
  EXPECT_EQ(format_duration(11045), "3:04:05");
  EXPECT_EQ(format_duration(-1), "0:00");
  EXPECT_EQ(format_count(950), "950");
  EXPECT_EQ(format_count(8240), "8.2k");
  EXPECT_EQ(format_count(1.3e6), "1.3M");
}

}  // namespace
}  // namespace elmo
