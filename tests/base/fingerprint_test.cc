#include "base/fingerprint.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/file.h"
#include "elmo/error.h"
#include "tests/support/files.h"

namespace elmo {
namespace {

TEST(FingerprintTest, IsOfTheBytesAlone) {
  const TemporaryFolder folder;
  std::string text(3'000'001, 'a');
  put(folder / "a", text);
  put(folder / "b", text);
  EXPECT_EQ(file_fingerprint(folder / "a"), file_fingerprint(folder / "b"));
  EXPECT_EQ(file_fingerprint(folder / "a"), fingerprint(text));
  EXPECT_EQ(fingerprint(text).size(), 16u);
  text.back() = 'b';
  put(folder / "b", text);
  EXPECT_NE(file_fingerprint(folder / "a"), file_fingerprint(folder / "b"));
  put(folder / "empty", "");
  EXPECT_EQ(file_fingerprint(folder / "empty"), fingerprint(""));
}

TEST(FingerprintTest, WhatCanBeReadOnceHasNone) {
  const TemporaryFolder folder;
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(file_fingerprint(folder / "pipe"), "");
  EXPECT_EQ(file_fingerprint("-"), "");
  EXPECT_THROW(file_fingerprint(folder / "missing"), Error);
}

}  // namespace
}  // namespace elmo
