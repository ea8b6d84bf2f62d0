#include "base/interrupt.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace elmo {
namespace {

int old_handler_calls = 0;
void old_handler(int) { ++old_handler_calls; }

TEST(InterruptTest, FirstSignalSetsTheFlagAndTheGuardRestores) {
  std::signal(SIGTERM, old_handler);
  {
    const InterruptGuard guard;
    EXPECT_FALSE(interrupted());
    {
      const InterruptGuard nested;
      std::raise(SIGTERM);
    }
    EXPECT_TRUE(interrupted());
    EXPECT_EQ(old_handler_calls, 0);
  }
  EXPECT_TRUE(interrupted()) << "callers ask after the guard is gone";
  std::raise(SIGTERM);
  EXPECT_EQ(old_handler_calls, 1);
  const InterruptGuard next;
  EXPECT_FALSE(interrupted());
}

TEST(InterruptDeathTest, SecondSignalKills) {
  EXPECT_EXIT(
      {
        const InterruptGuard guard;
        std::raise(SIGINT);
        if (!interrupted()) std::exit(3);
        std::raise(SIGINT);
        std::exit(4);
      },
      testing::KilledBySignal(SIGINT), "");
  EXPECT_EXIT(
      {
        const InterruptGuard guard;
        std::raise(SIGINT);
        std::raise(SIGTERM);
        std::exit(4);
      },
      testing::KilledBySignal(SIGTERM), "");
}

TEST(InterruptTest, Sigusr1NeverKills) {
  const InterruptGuard guard;
  std::raise(SIGTERM);
  std::raise(SIGUSR1);  // would end the test if its handler were gone
  EXPECT_TRUE(interrupted());
}

TEST(InterruptTest, IgnoredSigintStaysIgnored) {
  std::signal(SIGINT, SIG_IGN);
  {
    const InterruptGuard guard;
    std::raise(SIGINT);
    EXPECT_FALSE(interrupted());
  }
  std::signal(SIGINT, SIG_DFL);
}

TEST(InterruptTest, IgnoredSigintStaysIgnoredBehindAnotherSignal) {
  std::signal(SIGINT, SIG_IGN);
  {
    const InterruptGuard guard;
    std::raise(SIGTERM);
    EXPECT_TRUE(interrupted());
    std::raise(SIGINT);  // would end the test if it were not handled
  }
  std::signal(SIGINT, SIG_DFL);
}

}  // namespace
}  // namespace elmo
