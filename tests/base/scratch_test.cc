#include "base/scratch.h"

#include <gmock/gmock.h>

#include <cstring>
#include <filesystem>
#include <string>

#include "elmo/error.h"
#include "tests/support/files.h"

namespace elmo {
namespace {

class ScratchTest : public testing::TestWithParam<std::uint64_t> {
 protected:
  const TemporaryFolder folder_;
};

// In memory and, beyond the limit, in an unnamed file.
TEST_P(ScratchTest, IsZeroAndKeepsWhatIsWritten) {
  constexpr std::uint64_t kBytes = 100'000;
  ScratchMemory memory(kBytes, folder_.path(), GetParam());
  EXPECT_EQ(memory.bytes(), kBytes);
  auto* bytes = static_cast<unsigned char*>(memory.data());
  for (std::uint64_t i = 0; i < kBytes; ++i) ASSERT_EQ(bytes[i], 0);
  std::memset(bytes, 7, kBytes);
  EXPECT_EQ(bytes[kBytes - 1], 7);
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}
INSTANTIATE_TEST_SUITE_P(Limits, ScratchTest, testing::Values(1u << 20, 10u));

TEST(ScratchMemory, OfNothingIsNothing) {
  const ScratchMemory memory(0, "/nowhere", 10);
  EXPECT_EQ(memory.bytes(), 0u);
}

TEST(ScratchMemory, NamesAFolderThatTakesNothing) {
  try {
    const ScratchMemory memory(3 << 20, "/nowhere/at/all", 10);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(
        error.what(),
        "/nowhere/at/all: can't create a temporary file of 3 MB: No such file or directory");
  }
}

}  // namespace
}  // namespace elmo
