#include "base/file.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "elmo/error.h"
#include "tests/support/files.h"

namespace elmo {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class FileTest : public testing::Test {
 protected:
  fs::path make(const std::string& name, const std::string& content) {
    std::ofstream(folder_ / name) << content;
    return folder_ / name;
  }
  std::vector<std::string> listing() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  const TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path();
};

TEST_F(FileTest, PendingFileAppearsWholeOrNotAtAll) {
  const fs::path path = make("model.h5", "old");
  {
    PendingFile pending(path);
    EXPECT_EQ(pending.final_path(), path);
    std::ofstream(pending.temporary_path()) << "half";
    EXPECT_EQ(read_file(path), "old");
  }
  EXPECT_THAT(listing(), ElementsAre("model.h5"));
  EXPECT_EQ(read_file(path), "old");
  {
    PendingFile pending(path);
    std::ofstream(pending.temporary_path()) << "new";
    pending.commit();
    EXPECT_EQ(read_file(path), "new");
  }
  EXPECT_THAT(listing(), ElementsAre("model.h5"));
}

TEST_F(FileTest, PendingFileRefusesWhatCannotBeWritten) {
  EXPECT_THAT(error_of([&] { PendingFile(folder_ / "missing" / "x"); }),
              HasSubstr("missing does not exist"));
  EXPECT_THAT(error_of([&] { PendingFile pending(folder_); }), HasSubstr("it is a folder"));
  make("file", "x");
  EXPECT_THAT(error_of([&] { PendingFile(folder_ / "file" / "x"); }), HasSubstr("Not a directory"));
}

TEST_F(FileTest, LeftoversOfKilledProcessesGoAndLivingOnesStay) {
  const fs::path path = folder_ / "model.h5";
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    PendingFile pending(path);
    if (write(ready[1], "x", 1) != 1) _exit(1);
    pause();
    _exit(0);
  }
  char byte;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  make("model.h5.notes.tmp", "the user's own");
  { PendingFile second(path); }
  EXPECT_EQ(listing().size(), 2u) << "the living process's file must stay";
  kill(child, SIGKILL);
  int status;
  waitpid(child, &status, 0);
  EXPECT_EQ(listing().size(), 2u);
  { PendingFile third(path); }
  EXPECT_THAT(listing(), ElementsAre("model.h5.notes.tmp"));
}

// Each pipe is a separate output; what was meant for a removed one must not go to another.
TEST_F(FileTest, WorkFilesOfPipesAreTheirOwn) {
  setenv("TMPDIR", folder_.c_str(), 1);
  int ends[2][2];
  ASSERT_EQ(pipe(ends[0]) + pipe(ends[1]), 0);
  const auto name = [](int descriptor) {
    return fs::path("/proc/self/fd") / std::to_string(descriptor);
  };
  EXPECT_EQ(work_name(name(ends[0][1])), work_name(name(ends[0][1])));
  fs::create_symlink(name(ends[0][1]), folder_ / "link0");
  fs::create_symlink(name(ends[1][1]), folder_ / "link1");
  EXPECT_EQ(work_name(folder_ / "link0").parent_path(), folder_);
  EXPECT_NE(work_name(folder_ / "link0"), work_name(folder_ / "link1"));
  make("elmo-stdout-1-2.3-0.tmp", "of a killed process");
  make("elmo-stdout-1-2.partial", "for --resume");
  make("notes.3-0.tmp", "the user's own");
  PendingFile pending(folder_ / "link1");
  pending.write("content");
  pending.commit();
  char content[8] = {};
  EXPECT_EQ(read(ends[1][0], content, sizeof content - 1), 7);
  EXPECT_STREQ(content, "content");
  EXPECT_THAT(listing(), testing::IsSupersetOf({"elmo-stdout-1-2.partial", "notes.3-0.tmp"}));
  EXPECT_THAT(listing(), testing::Not(testing::Contains("elmo-stdout-1-2.3-0.tmp")));
  unsetenv("TMPDIR");
}

TEST_F(FileTest, WriteAndReadFile) {
  const std::string content("a\0b\n", 4);
  write_file(folder_ / "x", content);
  EXPECT_EQ(read_file(folder_ / "x"), content);
  EXPECT_EQ(read_file(folder_ / "x", 4), content);
  EXPECT_THAT(error_of([&] { read_file(folder_ / "x", 3); }), HasSubstr("larger than the 3 bytes"));
  EXPECT_THAT(error_of([&] { read_file(folder_ / "y"); }), HasSubstr("No such file"));
  EXPECT_THAT(error_of([&] { read_file(folder_); }), HasSubstr("is a folder"));
}

TEST_F(FileTest, LockHoldsAgainstAnotherProcessAndGoesWithIt) {
  const fs::path path = folder_ / "lock";
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    FileLock lock(path, "it");
    if (write(ready[1], "x", 1) != 1) _exit(1);
    pause();
    _exit(0);
  }
  char byte;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  EXPECT_THAT(error_of([&] { FileLock(path, "the forward model in DIR"); }),
              HasSubstr("another process is writing the forward model in DIR"));
  kill(child, SIGKILL);
  int status;
  waitpid(child, &status, 0);
  EXPECT_TRUE(fs::exists(path));
  {
    FileLock lock(path, "it");
    EXPECT_EQ(fs::file_size(path), 0u);
  }
  EXPECT_FALSE(fs::exists(path));
  { FileLock lock(path, "it"); }
}

TEST_F(FileTest, ExpandInputs) {
  const std::string b = make("b.txt", "x"), a = make("a.txt", "x"), odd = make("[c].txt", "x");
  const std::string empty = make("empty", "");
  EXPECT_THAT(expand_inputs({"-"}), ElementsAre("-"));
  EXPECT_THAT(expand_inputs({b, a}), ElementsAre(b, a));
  EXPECT_THAT(expand_inputs({folder_.string() + "/[ab].txt"}), ElementsAre(a, b));
  EXPECT_THAT(expand_inputs({odd}), ElementsAre(odd));
  EXPECT_THAT(error_of([&] { expand_inputs({empty}); }), HasSubstr("is empty"));
  EXPECT_THAT(error_of([&] { expand_inputs({folder_.string()}); }), HasSubstr("is a folder"));
  EXPECT_THAT(error_of([&] { expand_inputs({folder_.string() + "/x*"}); }),
              HasSubstr("no file matches"));
  EXPECT_THAT(error_of([&] { expand_inputs({folder_.string() + "/none"}); }),
              HasSubstr("No such file"));
  const fs::path pipe_path = folder_ / "pipe";
  ASSERT_EQ(mkfifo(pipe_path.c_str(), 0600), 0);
  EXPECT_THAT(expand_inputs({pipe_path.string()}), ElementsAre(pipe_path.string()))
      << "a pipe has no size, but is not empty";
}

TEST_F(FileTest, MakeFolder) {
  make_folder(folder_ / "a" / "b");
  make_folder(folder_ / "a" / "b");
  EXPECT_TRUE(fs::is_directory(folder_ / "a" / "b"));
  make("file", "x");
  EXPECT_THAT(error_of([&] { make_folder(folder_ / "file"); }), HasSubstr("can't create"));
  EXPECT_THAT(error_of([&] { make_folder(folder_ / "file" / "x"); }), HasSubstr("can't create"));
}

TEST_F(FileTest, SyncPath) {
  sync_path(folder_);
  EXPECT_THAT(error_of([&] { sync_path(folder_ / "none"); }), HasSubstr("No such file"));
}

TEST_F(FileTest, PeakMemoryCountsWhatIsTouched) {
  const std::uint64_t before = peak_memory_bytes();
  EXPECT_GT(before, 1u << 20);
  std::vector<char> block(64 << 20, 'x');
  EXPECT_GT(peak_memory_bytes(), before + (32u << 20)) << block[5];
}

}  // namespace
}  // namespace elmo
