#include "base/log.h"

#include <gtest/gtest.h>

#include "base/terminal_line.h"
#include "elmo/version.h"

namespace elmo {
namespace {

TEST(LogTest, PlainLinesOnStandardError) {
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  log::info("read {} lines", 3);
  log::warn("{} of them {{odd}}", 2);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "read 3 lines\nwarning: 2 of them {odd}\n");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
}

TEST(LogTest, MessagesGoAboveTheBar) {
  testing::internal::CaptureStderr();
  draw_line("50 %");
  log::info("saved");
  end_line();
  log::info("done");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "\r\033[K50 %\r\033[Ksaved\n50 %\ndone\n");
}

TEST(VersionTest, LooksLikeOne) {
  int major, minor, patch;
  EXPECT_EQ(std::sscanf(version(), "%d.%d.%d", &major, &minor, &patch), 3) << version();
}

}  // namespace
}  // namespace elmo
