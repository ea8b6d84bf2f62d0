// Working memory of any size; beyond a limit it lies in a file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace elmo {

// `bytes` bytes of memory, initially zero. More than `limit` bytes lie in an unnamed file in
// `folder`, which disappears when the process ends in any way. Throws Error if the folder can't be
// written to or its disk is full.
class ScratchMemory {
 public:
  ScratchMemory(std::uint64_t bytes, const std::filesystem::path& folder, std::uint64_t limit);
  ~ScratchMemory();
  ScratchMemory(const ScratchMemory&) = delete;
  ScratchMemory& operator=(const ScratchMemory&) = delete;

  void* data() { return data_; }
  const void* data() const { return data_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  std::uint64_t bytes_;
  void* data_ = nullptr;
};

}  // namespace elmo
