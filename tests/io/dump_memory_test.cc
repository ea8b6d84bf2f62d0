// Memory stays flat in the number of lines and parts: the metadata of each dataset must not stay
// behind.
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "io/dump_parts.h"
#include "tests/io/io_support.h"

namespace elmo {
namespace {

// Peak memory of a process that does this.
template <typename Work>
std::uint64_t peak_of(Work&& work) {
  int result[2];
  if (pipe(result) != 0) return 0;
  const pid_t child = fork();
  if (child == 0) {
    work();
    const std::uint64_t peak = peak_memory_bytes();
    _exit(write(result[1], &peak, sizeof peak) == sizeof peak ? 0 : 1);
  }
  std::uint64_t peak = 0;
  if (read(result[0], &peak, sizeof peak) != sizeof peak) peak = 0;
  int status;
  waitpid(child, &status, 0);
  close(result[0]);
  close(result[1]);
  return peak;
}

DumpOptions options_of(DumpLayout layout, int dimension) {
  DumpOptions options;
  options.layout = layout;
  options.layered = false;
  options.layers = 1;
  options.dimension = dimension;
  options.map = false;
  options.segment_sentences = 50'000;
  return options;
}

// One-word lines.
void write_lines(DumpWriter& writer, int lines, int dimension) {
  const std::vector<std::string_view> words = {"word"};
  const std::vector<float> vector(static_cast<std::size_t>(dimension), 1.0f);
  for (int i = 0; i < lines; ++i) writer.append("word", words, vector);
  writer.finish();
}

std::uint64_t dump_peak(const std::filesystem::path& path, DumpLayout layout, int lines) {
  const std::uint64_t peak = peak_of([&] {
    DumpWriter writer(path, options_of(layout, 4), false);
    write_lines(writer, lines, 4);
  });
  std::filesystem::remove(path);
  return peak;
}

// Of joining this many parts, which are all the same lines.
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

// HDF5 fills its caches first (some 40 MB), so what counts is the growth beyond.
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

// 500 parts more hold 16 MB more. HDF5's lists of free memory grow a while; what it keeps of each
// dataset of the layout `sentences` a dump in one has too.
TEST(DumpMemoryTest, JoiningPartsIsFlat) {
  const TemporaryFolder folder;
  for (const DumpLayout layout : {DumpLayout::kMatrix, DumpLayout::kSentences}) {
    const std::uint64_t few = join_peak(folder / "a.h5", layout, 500);
    const std::uint64_t many = join_peak(folder / "a.h5", layout, 1000);
    ASSERT_GT(few, 0u);
    ASSERT_GT(many, 0u);
    EXPECT_LT(many, few + (8u << 20));
  }
}

}  // namespace
}  // namespace elmo
