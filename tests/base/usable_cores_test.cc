// Tests usable_cores() with affinity masks, cgroup files and OMP_NUM_THREADS.

#include "base/usable_cores.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "elmo/error.h"
#include "tests/support/files.h"

namespace elmo {
namespace {

// A root folder with the files of /proc and /sys as a process in `group` sees them.
class CgroupTest : public testing::Test {
 protected:
  void write(const std::string& path, const std::string& content) {
    const auto file = root_.path() / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << content;
  }
  void mounts(const std::string& shown, const std::string& type, const std::string& options) {
    write("proc/self/mountinfo",
          "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/root rw\n"
          "30 22 0:26 " +
              shown + " /sys/fs/cgroup rw,nosuid shared:4 - " + type + " cgroup " + options + "\n");
  }
  TemporaryFolder root_;
};

TEST_F(CgroupTest, TheLeastQuotaOfVersion2Counts) {
  mounts("/", "cgroup2", "rw,nsdelegate");
  write("proc/self/cgroup", "0::/user.slice/job\n");
  write("sys/fs/cgroup/user.slice/job/cpu.max", "max 100000\n");
  EXPECT_EQ(cgroup_quota(root_.path()), std::nullopt);
  write("sys/fs/cgroup/user.slice/cpu.max", "250000 100000\n");
  EXPECT_EQ(cgroup_quota(root_.path()), 2.5);
  write("sys/fs/cgroup/user.slice/job/cpu.max", "400000 100000\n");
  EXPECT_EQ(cgroup_quota(root_.path()), 2.5);
  write("sys/fs/cgroup/user.slice/job/cpu.max", "50000 100000\n");
  EXPECT_EQ(cgroup_quota(root_.path()), 0.5);
}

TEST_F(CgroupTest, Version1InAContainer) {
  mounts("/docker/0123", "cgroup", "rw,cpu,cpuacct");
  write("proc/self/cgroup", "5:cpu,cpuacct:/docker/0123\n4:memory:/docker/0123\n0::/other\n");
  write("sys/fs/cgroup/cpu.cfs_quota_us", "-1\n");
  write("sys/fs/cgroup/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(cgroup_quota(root_.path()), std::nullopt);
  write("sys/fs/cgroup/cpu.cfs_quota_us", "150000\n");
  EXPECT_EQ(cgroup_quota(root_.path()), 1.5);
}

TEST_F(CgroupTest, OddFilesSayNothing) {
  EXPECT_EQ(cgroup_quota(root_.path()), std::nullopt);
  mounts("/", "cgroup2", "rw");
  EXPECT_EQ(cgroup_quota(root_.path()), std::nullopt);
  write("proc/self/cgroup", "0::/../elsewhere\n");
  for (const char* odd : {"", "max", "0 100000", "-5 100000", "x y", "100000 0", "1 2 3"}) {
    write("sys/fs/cgroup/cpu.max", odd);
    EXPECT_EQ(cgroup_quota(root_.path()), std::nullopt) << odd;
  }
}

TEST(UsableCores, OpenMpsVariable) {
  EXPECT_EQ(openmp_threads("3"), 3);
  EXPECT_EQ(openmp_threads(" 4,2 "), 4);
  for (const char* odd : {"", "0", "-1", "many", "99999999999"}) {
    EXPECT_EQ(openmp_threads(odd), std::nullopt) << odd;
  }
}

TEST(UsableCores, ObeyMaskAndVariable) {
  cpu_set_t before, one;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  CPU_ZERO(&one);
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(i, &before) && CPU_COUNT(&one) == 0) CPU_SET(i, &one);
  }
  unsetenv("OMP_NUM_THREADS");
  const int cores = usable_cores();
  EXPECT_GE(cores, 1);
  EXPECT_LE(cores, CPU_COUNT(&before));
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(usable_cores(), 1);
  ASSERT_EQ(sched_setaffinity(0, sizeof before, &before), 0);
  EXPECT_EQ(thread_count(0), cores);
  EXPECT_EQ(thread_count(7), 7);
  EXPECT_THROW(thread_count(-1), UsageError);
  setenv("OMP_NUM_THREADS", "1", 1);
  EXPECT_EQ(usable_cores(), 1);
  setenv("OMP_NUM_THREADS", "4096", 1);
  EXPECT_EQ(usable_cores(), cores);
}

}  // namespace
}  // namespace elmo
