// Files are examined in a child of fork(): while another thread uses HDF5, and when a child runs
// out of time or is killed through no fault of the file.

#include <gtest/gtest.h>
#include <hdf5.h>
#include <pthread.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <thread>

#include "io/hdf5.h"
#include "tests/support/files.h"

namespace elmo {
namespace {

// What the children of coming forks do before they examine anything: work, run out of time as if
// they waited for a lock that a thread of the parent held, or die.
enum class Fate { kWork, kOutOfTime, kKilled };
Fate fate = Fate::kWork;
int late_children = 0;  // how many of the coming children run out of time before the others work
int forks = 0;

// In the parent.
void choose() {
  ++forks;
  if (fate == Fate::kOutOfTime && late_children-- == 0) fate = Fate::kWork;
}

// In the child.
void suffer() {
  if (fate == Fate::kKilled) raise(SIGKILL);
  if (fate == Fate::kOutOfTime) raise(SIGXCPU);
}

class Hdf5WalkTest : public testing::Test {
 protected:
  Hdf5WalkTest() : path_(folder_ / "a.h5") {
    h5::File::create(path_, path_, {}).close();
    static const int registered = pthread_atfork(choose, nullptr, suffer);
    EXPECT_EQ(registered, 0);
    fate = Fate::kWork;
    forks = 0;
  }

  void open() const { h5::File::open(path_); }

  const TemporaryFolder folder_;
  const std::filesystem::path path_;
};

TEST_F(Hdf5WalkTest, AnIntactFileTakesOneChild) {
  open();
  EXPECT_EQ(forks, 1);
}

TEST_F(Hdf5WalkTest, AChildOutOfTimeGetsASuccessor) {
  fate = Fate::kOutOfTime;
  late_children = 1;
  open();
  EXPECT_EQ(forks, 2);
}

TEST_F(Hdf5WalkTest, AKilledChildSaysNothingAboutTheFile) {
  fate = Fate::kKilled;
  EXPECT_EQ(error_of([&] { open(); }),
            path_.string() +
                ": can't be checked, because the process that checks it was killed; "
                "perhaps memory is short");
  EXPECT_EQ(forks, 1);
}

// As h5py does beside this library. Without a thread-safe HDF5, nothing could; Debian's is.
TEST_F(Hdf5WalkTest, OtherThreadsMayUseHdf5) {
  hbool_t safe = false;
  ASSERT_GE(H5is_library_threadsafe(&safe), 0);
  ASSERT_TRUE(safe);
  std::atomic<bool> stop = false;
  std::thread user([&] {
    while (!stop) H5Pclose(H5Pcreate(H5P_FILE_ACCESS));
  });
  for (int i = 0; i < 50; ++i) EXPECT_EQ(error_of([&] { open(); }), "no error");
  stop = true;
  user.join();
}

}  // namespace
}  // namespace elmo
