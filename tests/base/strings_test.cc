// Blanks, white space and shell quoting.

#include "base/strings.h"

#include <gtest/gtest.h>

#include "base/background.h"
#include "elmo/error.h"

namespace elmo {
namespace {

TEST(Strings, KnowBlanks) {
  EXPECT_TRUE(is_blank(""));
  EXPECT_TRUE(is_blank(" \t "));
  EXPECT_FALSE(is_blank("\u3000"));
  EXPECT_EQ(trim_blanks("\t a b "), "a b");
  EXPECT_EQ(trim_blanks(" \t"), "");
  EXPECT_EQ(trim_blanks(""), "");
}

TEST(Strings, StripAsPythonDoes) {
  EXPECT_EQ(strip_whitespace(" \t\x0b\x0c\x1c\x1f\u3000\u00A0\u0085he\u3000went\u2028\u200A "),
            "he\u3000went");
  EXPECT_EQ(strip_whitespace("\u200Bx\uFEFF"), "\u200Bx\uFEFF");  // not white space in Python
  EXPECT_EQ(strip_whitespace("\u3000 "), "");
  // The last byte of another character must not be taken for a blank.
  EXPECT_EQ(strip_whitespace("\u0100\u20AC"), "\u0100\u20AC");
}

TEST(Strings, BecomeWordsOfAShell) {
  EXPECT_EQ(shell_word("/a/b-c_1.txt"), "/a/b-c_1.txt");
  EXPECT_EQ(shell_word("배.txt"), "배.txt");
  EXPECT_EQ(shell_word("a b$"), "'a b$'");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_word("-x"), "./-x");
  EXPECT_EQ(shell_word(""), "''");
}

TEST(Background, GivesBackWhatTheWorkThrew) {
  int done = 0;
  Background work;
  work.wait();
  work.start([&] { ++done; });
  work.wait();
  EXPECT_EQ(done, 1);
  work.start([] { throw Error("failed there"); });
  EXPECT_THROW(work.wait(), Error);
  work.wait();  // once
  work.start([&] { ++done; });
  // The destructor waits.
}

}  // namespace
}  // namespace elmo
