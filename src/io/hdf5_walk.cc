#include <fcntl.h>
#include <fmt/core.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <system_error>

#include "base/fork_guard.h"
#include "elmo/error.h"
#include "io/file_kind.h"
#include "io/hdf5_detail.h"

namespace elmo::h5 {
namespace fs = std::filesystem;
namespace {

herr_t look_at_attribute(hid_t object, const char* name, const H5A_info_t*, void*) {
  const Handle attribute(H5Aopen(object, name, H5P_DEFAULT), H5Aclose);
  if (attribute.id() < 0) return 0;
  const Handle type(H5Aget_type(attribute.id()), H5Tclose);
  const Handle space(H5Aget_space(attribute.id()), H5Sclose);
  return 0;
}

herr_t look_at_object(hid_t root, const char* name, const H5O_info_t* info, void*) {
  const Handle object(H5Oopen(root, name, inner_links()), H5Oclose);
  if (object.id() < 0) return 0;
  H5Aiterate2(object.id(), H5_INDEX_NAME, H5_ITER_INC, nullptr, look_at_attribute, nullptr);
  if (info->type != H5O_TYPE_DATASET) return 0;
  const Handle creation(H5Dget_create_plist(object.id()), H5Pclose);
  // HDF5 would open other files to find the extents of a virtual dataset.
  if (creation.id() < 0 || H5Pget_layout(creation.id()) == H5D_VIRTUAL) return 0;
  const Handle type(H5Dget_type(object.id()), H5Tclose);
  const Handle space(H5Dget_space(object.id()), H5Sclose);
  if (H5Pget_layout(creation.id()) == H5D_CHUNKED) H5Dget_storage_size(object.id());
  return 0;
}

// This must not print, throw, or run the parent's exit handlers.
void walk(const char* path, hid_t access) {
  H5E_auto2_t none = nullptr;
  H5Eset_auto2(H5E_DEFAULT, none, nullptr);
  hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  if (file < 0) file = H5Fopen(path, H5F_ACC_RDONLY, access);
  if (file < 0) return;
  H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, look_at_object, nullptr, H5O_INFO_BASIC);
  H5Fclose(file);
}

// Bytes of address space that this process uses now.
std::uint64_t address_space() {
  unsigned long long pages = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "re"); file != nullptr) {
    if (std::fscanf(file, "%llu", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

void limit(__rlimit_resource resource, std::uint64_t value) {
  rlimit old = {};
  if (getrlimit(resource, &old) != 0) return;
  if (value < old.rlim_cur) old.rlim_cur = value;
  setrlimit(resource, &old);
}

// One examination of a file by a child.
struct Attempt {
  const char* path = nullptr;
  hid_t access = H5I_INVALID_HID;
  std::uint64_t bytes = 0;  // of the file
  int answer = -1;          // where the child writes one byte when it is done
  pid_t child = -1;
  int problem = 0;  // errno if there is no child
};

[[noreturn]] void run_child(const Attempt& attempt) {
  const int nowhere = ::open("/dev/null", O_RDWR);
  if (nowhere >= 0) {
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);  // messages of glibc
  }
  // Removes handlers of this process, such as Python's faulthandler, which must not run in the
  // child.
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM, SIGXCPU}) {
    std::signal(signal, SIG_DFL);
  }
  limit(RLIMIT_CORE, 0);
  // Ten times what the slowest intact files with many datasets need.
  limit(RLIMIT_CPU, 2 + (attempt.bytes >> 22));
  // Wall time.
  alarm(static_cast<unsigned>(60 + std::min<std::uint64_t>(attempt.bytes >> 20, 1 << 20)));
  const std::uint64_t now = address_space();
  if (now > 0) limit(RLIMIT_AS, now + (256u << 20) + 4 * attempt.bytes);
  // Fills new memory with a pattern, so that reading uninitialised memory fails reliably.
  mallopt(M_PERTURB, 0xA5);
  walk(attempt.path, attempt.access);
  const char done = 1;
  _exit(::write(attempt.answer, &done, 1) == 1 ? 0 : 1);
}

// Checks the end of the file that the superblock gives (section II.A of the HDF5 file format
// specification). Most truncated files are refused here, without a child process.
void refuse_cut_short(const fs::path& path, std::uint64_t bytes) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  unsigned char block[48] = {};
  const ssize_t count = descriptor < 0 ? 0 : ::pread(descriptor, block, sizeof block, 0);
  if (descriptor >= 0) ::close(descriptor);
  if (count < static_cast<ssize_t>(sizeof block) ||
      std::memcmp(block, kHdf5Signature.data(), kHdf5Signature.size()) != 0) {
    return;
  }
  const bool is_old = block[8] < 2;
  // Only for addresses of 8 bytes. Version 1 has the end elsewhere and is left to HDF5.
  if (block[is_old ? 13 : 9] != 8 || block[8] == 1) return;
  std::uint64_t end = 0;
  std::memcpy(&end, block + (is_old ? 40 : 28), sizeof end);
  if (end > bytes) {
    throw Error(fmt::format("{}: is cut short: {} of its {} bytes are there; copy or make it again",
                            path.string(), bytes, end));
  }
}

herr_t fork_in_callback(hid_t, const char*, void* data) {
  auto& attempt = *static_cast<Attempt*>(data);
  attempt.child = fork_past_guards();
  if (attempt.child == 0) run_child(attempt);
  if (attempt.child < 0) attempt.problem = errno;
  return 1;  // no further property is asked for
}

enum class End { kDone, kCrashed, kOutOfTime, kKilled };

// Forks inside a callback of HDF5, because there this thread holds HDF5's own lock: other code of
// this process, such as h5py, may be using HDF5 in another thread, and the child would inherit its
// lock and half of its change.
End run_and_wait(Attempt attempt, const std::string& what) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    throw Error(what + ": can't be checked: " + std::generic_category().message(errno));
  }
  attempt.answer = ends[1];
  H5Piterate(attempt.access, nullptr, fork_in_callback, &attempt);
  ::close(ends[1]);
  char done = 0;
  ssize_t count = 0;
  int status = 0;
  if (attempt.child > 0) {
    while ((count = ::read(ends[0], &done, 1)) < 0 && errno == EINTR) {
    }
    // Fails if the caller ignores SIGCHLD; then only the answer tells how the child ended.
    while (waitpid(attempt.child, &status, 0) < 0 && errno == EINTR) {
    }
  }
  ::close(ends[0]);
  if (attempt.child < 0) {
    throw Error(what + ": can't be checked, because no process can be started: " +
                std::generic_category().message(attempt.problem));
  }
  if (count == 1 && done == 1) return End::kDone;
  const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  if (signal == SIGXCPU || signal == SIGALRM) return End::kOutOfTime;
  return signal == SIGKILL ? End::kKilled : End::kCrashed;
}

}  // namespace

void walk_in_child(const fs::path& path, hid_t access) {
  const std::string what = path.string();
  std::error_code error;
  const std::uint64_t bytes = fs::file_size(path, error);
  if (!error) refuse_cut_short(path, bytes);
  inner_links();  // create it before the fork
  Attempt attempt;
  attempt.path = path.c_str();
  attempt.access = access;
  attempt.bytes = error ? 0 : bytes;
  // A child may wait in vain for a lock of the memory allocator that another thread held at the
  // fork: glibc's allocator prevents it, others, such as the address sanitizer's, don't.
  End end = End::kOutOfTime;
  for (int tries = 3; tries > 0 && end == End::kOutOfTime; --tries) {
    end = run_and_wait(attempt, what);
  }
  if (end == End::kKilled) {
    throw Error(what +
                ": can't be checked, because the process that checks it was killed; perhaps "
                "memory is short");
  }
  if (end != End::kDone) {
    throw Error(what + ": is damaged: HDF5 crashes over it or finds no end; copy or make it again");
  }
}

}  // namespace elmo::h5
