// Shared by the fuzzing harnesses: the input as a file, and the rule that readers fail only with
// elmo::Error.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "elmo/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace elmo {

// A folder in memory for this process.
inline const std::filesystem::path& folder() {
  static const struct Folder {
    std::filesystem::path path;
    Folder() {
      std::string name = "/dev/shm/elmo-fuzz-XXXXXX";
      if (mkdtemp(name.data()) == nullptr) std::abort();
      path = name;
    }
    ~Folder() {
      std::error_code ignored;
      std::filesystem::remove_all(path, ignored);
    }
  } made;
  return made.path;
}

// The input as a file, which the destructor removes.
class InputFile {
 public:
  InputFile(const std::uint8_t* data, std::size_t size) {
    static int count = 0;
    path_ = folder() / std::to_string(count++);
    std::ofstream out(path_, std::ios::binary);
    out.write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
    out.close();
    if (!out) std::abort();
  }
  ~InputFile() { unlink(path_.c_str()); }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

// Runs f. Any exception but an elmo::Error with a message is a finding.
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
