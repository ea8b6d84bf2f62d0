// Memory does not grow with the number of lines: metadata of datasets must not accumulate.
#include "tests/io/memory_support.h"
#include "tests/support/files.h"

namespace elmo {
namespace {

std::uint64_t dump_peak(const std::filesystem::path& path, DumpLayout layout, int lines) {
  const std::uint64_t peak = peak_of([&] {
    DumpWriter writer(path, options_of(layout, 4), false);
    write_lines(writer, lines, 4);
  });
  std::filesystem::remove(path);
  return peak;
}

// HDF5 first fills its caches, so only the growth after that counts.
TEST(DumpMemoryTest, SentencesGrowByLessThan100BytesALine) {
  const TemporaryFolder folder;
  const std::uint64_t few = dump_peak(folder / "a.h5", DumpLayout::kSentences, 100'000);
  const std::uint64_t many = dump_peak(folder / "a.h5", DumpLayout::kSentences, 200'000);
  ASSERT_GT(few, 0u);
  ASSERT_GT(many, 0u);
  EXPECT_LT(many, few + 100u * 100'000u);
}

TEST(DumpMemoryTest, MatrixIsFlat) {
  const TemporaryFolder folder;
  const std::uint64_t few = dump_peak(folder / "a.h5", DumpLayout::kMatrix, 100'000);
  const std::uint64_t many = dump_peak(folder / "a.h5", DumpLayout::kMatrix, 500'000);
  ASSERT_GT(few, 0u);
  ASSERT_GT(many, 0u);
  EXPECT_LT(many, few + (4u << 20));
}

}  // namespace
}  // namespace elmo
