// Memory stays flat in the number of lines: the metadata of each dataset must not stay behind.
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "io/dump_file.h"
#include "tests/io/io_support.h"

namespace elmo {
namespace {

// Peak memory of a process that dumps this many one-word lines.
std::uint64_t peak_of(const std::filesystem::path& path, DumpLayout layout, int lines) {
  int result[2];
  if (pipe(result) != 0) return 0;
  const pid_t child = fork();
  if (child == 0) {
    DumpOptions options;
    options.layout = layout;
    options.layered = false;
    options.layers = 1;
    options.dimension = 4;
    options.map = false;
    options.segment_sentences = 50'000;
    DumpWriter writer(path, options, false);
    const std::vector<std::string_view> words = {"word"};
    const std::vector<float> vector = {1, 2, 3, 4};
    for (int i = 0; i < lines; ++i) writer.append("word", words, vector);
    writer.finish();
    const std::uint64_t peak = peak_memory_bytes();
    _exit(write(result[1], &peak, sizeof peak) == sizeof peak ? 0 : 1);
  }
  std::uint64_t peak = 0;
  if (read(result[0], &peak, sizeof peak) != sizeof peak) peak = 0;
  int status;
  waitpid(child, &status, 0);
  close(result[0]);
  close(result[1]);
  std::filesystem::remove(path);
  return peak;
}

// HDF5 fills its caches first (some 40 MB), so what counts is the growth beyond.
TEST(DumpMemoryTest, SentencesGrowByLessThan100BytesALine) {
  const TemporaryFolder folder;
  const std::uint64_t few = peak_of(folder / "a.h5", DumpLayout::kSentences, 100'000);
  const std::uint64_t many = peak_of(folder / "a.h5", DumpLayout::kSentences, 200'000);
  ASSERT_GT(few, 0u);
  ASSERT_GT(many, 0u);
  EXPECT_LT(many, few + 100u * 100'000u);
}

TEST(DumpMemoryTest, MatrixIsFlat) {
  const TemporaryFolder folder;
  const std::uint64_t few = peak_of(folder / "a.h5", DumpLayout::kMatrix, 100'000);
  const std::uint64_t many = peak_of(folder / "a.h5", DumpLayout::kMatrix, 500'000);
  ASSERT_GT(few, 0u);
  ASSERT_GT(many, 0u);
  EXPECT_LT(many, few + (4u << 20));
}

}  // namespace
}  // namespace elmo
