// Memory does not grow with the number of joined parts.
#include "io/dump_parts.h"
#include "tests/io/memory_support.h"
#include "tests/support/files.h"

namespace elmo {
namespace {

// Peak memory of joining this many parts, all with the same lines.
std::uint64_t join_peak(const std::filesystem::path& path, DumpLayout layout, int parts) {
  constexpr int kLines = 8, kDimension = 1024;
  std::filesystem::create_directory(parts_folder(path));
  for (int i = 0; i < parts; ++i) {
    DumpOptions options = options_of(layout, kDimension);
    options.shard = Shard{i, parts};
    DumpWriter writer(part_path(path, *options.shard), options, false);
    writer.start_at(static_cast<std::uint64_t>(i) * kLines);
    write_lines(writer, kLines, kDimension);
  }
  const std::uint64_t peak = peak_of([&] { join_parts(path); });
  EXPECT_EQ(DumpReader(path).sentences(), std::int64_t{parts} * kLines);
  std::filesystem::remove_all(parts_folder(path));
  std::filesystem::remove(path);
  return peak;
}

class JoinMemoryTest : public testing::TestWithParam<DumpLayout> {};

TEST_P(JoinMemoryTest, AThousandPartsTakeNoMoreThanFiveHundred) {
  const TemporaryFolder folder;
  const std::uint64_t few = join_peak(folder / "a.h5", GetParam(), 500);
  const std::uint64_t many = join_peak(folder / "a.h5", GetParam(), 1000);
  ASSERT_GT(few, 0u);
  ASSERT_GT(many, 0u);
  // The 500 additional parts hold 16 MB.
  EXPECT_LT(many, few + (4u << 20));
}

INSTANTIATE_TEST_SUITE_P(Layouts, JoinMemoryTest,
                         testing::Values(DumpLayout::kMatrix, DumpLayout::kSentences));

}  // namespace
}  // namespace elmo
