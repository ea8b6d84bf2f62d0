// A full disk causes an error message, no file under the final name, and no crash in HDF5. Mounts a
// small tmpfs, which requires root.
#include <sys/mount.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "io/dump_file.h"
#include "io/tensor_file.h"
#include "tests/io/dump_support.h"
#include "tests/support/files.h"

namespace elmo {
namespace {

using testing::HasSubstr;

class DiskFullTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(disk_);
    ASSERT_EQ(mount("tmpfs", disk_.c_str(), "tmpfs", 0, "size=1m"), 0) << std::strerror(errno);
  }
  void TearDown() override {
    // If HDF5 could not close a file because the disk was full, it keeps the descriptor until the
    // process ends; a plain umount would fail.
    EXPECT_EQ(umount2(disk_.c_str(), MNT_DETACH), 0);
  }

  std::uint64_t free_bytes() const {
    struct statvfs disk = {};
    statvfs(disk_.c_str(), &disk);
    return disk.f_bavail * disk.f_frsize;
  }
  // Fills the disk until about `left` bytes are free.
  void fill_up_to(std::uint64_t left) {
    put(disk_ / "filler", std::string(free_bytes() - left, 'x'));
  }

  TemporaryFolder folder_;
  std::filesystem::path disk_ = folder_ / "disk";
};

TEST_F(DiskFullTest, TensorFileOfAnySizeWorksOrSaysSo) {
  const std::vector<float> block(1000);
  int refused = 0;
  for (int blocks = 1; blocks < 300; blocks += 7) {
    const std::string error = error_of([&] {
      TensorFileWriter writer(disk_ / "x.h5", "elmo language model", 1, {{"a", 1}});
      for (int i = 0; i < blocks; ++i) writer.add(std::to_string(i), {1000}, block);
      writer.commit();
    });
    if (error == "no error") {
      EXPECT_EQ(TensorFileReader(disk_ / "x.h5", "elmo language model", 1).names().size(),
                static_cast<std::size_t>(blocks));
      std::filesystem::remove(disk_ / "x.h5");
    } else {
      EXPECT_THAT(error, HasSubstr("x.h5"));
      EXPECT_THAT(error, HasSubstr("the disk is full"));
      ++refused;
    }
    ASSERT_TRUE(std::filesystem::is_empty(disk_)) << blocks;
  }
  EXPECT_GT(refused, 0);
  EXPECT_LT(refused, 43);
}

TEST_F(DiskFullTest, ManySmallDatasetsWhereHdf5ByItselfCrashes) {
  const float value = 1;
  EXPECT_THAT(error_of([&] {
                TensorFileWriter writer(disk_ / "x.h5", "elmo language model", 1, {});
                for (int i = 0; i < 10000; ++i) {
                  writer.add("group/" + std::to_string(i), {1}, std::span(&value, 1));
                }
              }),
              HasSubstr("the disk is full"));
  EXPECT_TRUE(std::filesystem::is_empty(disk_));
}

TEST_F(DiskFullTest, DumpKeepsItsSegmentsAndGoesOnWhenThereIsRoom) {
  for (const DumpLayout layout : {DumpLayout::kSentences, DumpLayout::kMatrix}) {
    DumpOptions options;
    options.layout = layout;
    options.layers = 2;
    options.dimension = 8;
    options.segment_sentences = 100;
    const std::filesystem::path path = disk_ / "dump.h5";
    // The disk becomes full at different times: in a segment, while joining, or never.
    int refused = 0;
    for (const std::uint64_t left : {30'000, 150'000, 330'000, 450'000, 600'000, 990'000}) {
      fill_up_to(left);
      const std::string error = error_of([&] {
        DumpWriter writer(path, options, true);
        append_samples(writer, options, static_cast<std::int64_t>(writer.sentences()), 300);
        writer.finish();
      });
      if (error == "no error") break;
      ++refused;
      EXPECT_THAT(error, testing::AnyOf(HasSubstr("the disk is full"),
                                        HasSubstr("No space left on device; free some space")));
      EXPECT_FALSE(std::filesystem::exists(path));
      std::filesystem::remove(disk_ / "filler");
    }
    EXPECT_GE(refused, 2);
    std::filesystem::remove(disk_ / "filler");
    if (!std::filesystem::exists(path)) {
      DumpWriter writer(path, options, true);
      append_samples(writer, options, static_cast<std::int64_t>(writer.sentences()), 300);
      writer.finish();
    }
    const DumpReader reader(path);
    ASSERT_EQ(reader.sentences(), 300);
    EXPECT_EQ(reader.vectors(299), sample_sentence(299, options).vectors);
    std::filesystem::remove(path);
    EXPECT_TRUE(std::filesystem::is_empty(disk_));
  }
}

}  // namespace
}  // namespace elmo
