// What the harnesses share: bytes as a file, and the rule that a reader says no by elmo::Error
// only.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "elmo/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace elmo {

// A file in memory, by a path that anybody can open.
class InputFile {
 public:
  InputFile(const std::uint8_t* data, std::size_t size) : descriptor_(memfd_create("input", 0)) {
    while (size > 0) {
      const ssize_t count = write(descriptor_, data, size);
      if (count <= 0) std::abort();
      data += count;
      size -= static_cast<std::size_t>(count);
    }
  }
  ~InputFile() { close(descriptor_); }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

// Anything but elmo::Error with a sentence in it is a finding.
template <typename F>
bool succeeds(F&& f) {
  try {
    f();
    return true;
  } catch (const Error& error) {
    if (std::string(error.what()).size() < 10) std::abort();
    return false;
  }
}

inline void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace elmo
