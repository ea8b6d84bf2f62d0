#include "base/scratch.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>
#include <string>

#include "elmo/error.h"

namespace elmo {

ScratchMemory::ScratchMemory(std::uint64_t bytes, const std::filesystem::path& folder,
                             std::uint64_t limit)
    : bytes_(bytes) {
  if (bytes == 0) return;
  if (bytes <= limit) {
    data_ = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data_ == MAP_FAILED) throw std::bad_alloc();
    return;
  }
  const std::filesystem::path here = folder.empty() ? "." : folder;
  std::string name = here / "elmo.XXXXXX";
  const int descriptor = mkstemp(name.data());
  int problem = descriptor < 0 ? errno : 0;
  if (descriptor >= 0) {
    unlink(name.c_str());
    // Reserves all of it now: a full disk is an error here instead of a signal later.
    problem = posix_fallocate(descriptor, 0, static_cast<off_t>(bytes));
    if (problem == 0) {
      data_ = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
      if (data_ == MAP_FAILED) problem = errno;
    }
    close(descriptor);
  }
  if (problem != 0) {
    throw Error(fmt::format("{}: can't create a temporary file of {} MB: {}", here.string(),
                            bytes >> 20, std::strerror(problem)));
  }
}

ScratchMemory::~ScratchMemory() {
  if (bytes_ != 0) munmap(data_, bytes_);
}

}  // namespace elmo
