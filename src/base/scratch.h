// Working memory of any size: what is too large for the memory there should be lies in a file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace elmo {

// `bytes` of memory, zero at first; beyond `limit` in a nameless file in `folder`, which goes with
// the process whatever ends it. Throws Error: the folder can't be written to, its disk is full.
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
