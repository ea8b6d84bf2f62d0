// Which strings are dropped, and which ids stay the same.

#include "base/recent_strings.h"

#include <gtest/gtest.h>

#include <string>

namespace elmo {
namespace {

TEST(RecentStrings, ForgetTheLeastRecentlyUsed) {
  RecentStrings strings(2);
  const auto take = [&](const char* text) {
    strings.begin_round();
    return strings.take(text);
  };
  EXPECT_EQ(take("a"), std::pair(0, true));
  EXPECT_EQ(take("b"), std::pair(1, true));
  EXPECT_EQ(take("a"), std::pair(0, false));
  EXPECT_EQ(take("c"), std::pair(1, true));  // takes over b's id
  EXPECT_EQ(strings.find("b"), std::nullopt);
  EXPECT_EQ(take("a"), std::pair(0, false));
  EXPECT_EQ(take("b"), std::pair(1, true));
  EXPECT_EQ(strings.numbers(), 2u);
}

TEST(RecentStrings, NumbersHoldForARound) {
  RecentStrings strings(2);
  strings.begin_round();
  for (const char* text : {"a", "b", "c", "d", "a"}) strings.take(text);
  EXPECT_EQ(strings.numbers(), 4u);
  EXPECT_EQ(strings.find("a"), 0);
  EXPECT_EQ(strings.find("c"), 2);
  strings.begin_round();  // the two most recent ones must stay
  EXPECT_EQ(strings.find("b"), std::nullopt);
  EXPECT_EQ(strings.find("c"), std::nullopt);
  EXPECT_EQ(strings.take("d"), std::pair(3, false));
  EXPECT_EQ(strings.take("a"), std::pair(0, false));
  EXPECT_TRUE(strings.take("e").second);
  EXPECT_EQ(strings.numbers(), 4u);
}

TEST(RecentStrings, KeptAndForgottenOnes) {
  RecentStrings strings(1);
  strings.take("<S>");
  strings.take("</S>");
  strings.keep_all();
  for (int i = 0; i < 9; ++i) {
    strings.begin_round();
    EXPECT_EQ(strings.take(std::to_string(i)), std::pair(2, true));
  }
  EXPECT_EQ(strings.take("</S>"), std::pair(1, false));
  strings.forget(2);
  EXPECT_EQ(strings.find("8"), std::nullopt);
  EXPECT_EQ(strings.take("8"), std::pair(2, true));
  RecentStrings nothing(0);
  nothing.begin_round();
  EXPECT_EQ(nothing.take("a"), std::pair(0, true));
  nothing.begin_round();
  EXPECT_EQ(nothing.take("a"), std::pair(0, true));
}

}  // namespace
}  // namespace elmo
