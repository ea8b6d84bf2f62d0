// Reads variable-length strings without HDF5, whose reader (1.10) loops forever on a damaged heap
// and frees invalid pointers.
//
// A dataset holds references of 16 bytes: uint32 length, uint64 address of a heap, uint32 index. A
// heap ("global heap collection", section III.E of the HDF5 file format specification 1.1 to 3.0)
// is "GCOL", a version, its size, and objects: uint16 index, uint16 and uint32 that are ignored,
// uint64 size, and the bytes, padded to a multiple of 8.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "io/hdf5.h"

namespace elmo::h5 {

class StringHeap {
 public:
  static constexpr std::int64_t kReferenceBytes = 16;

  // Throws Error if addresses are not 8 bytes long or the file has a user block.
  explicit StringHeap(const File& file);
  ~StringHeap();
  StringHeap(const StringHeap&) = delete;
  StringHeap& operator=(const StringHeap&) = delete;

  // The strings that the references stand for, each up to its first NUL. Throws Error, beginning
  // with `what`, for a reference to something that is no string, and if the strings together are
  // longer than the file.
  std::vector<std::string> read(std::string_view references, const std::string& what);
  // Reads bytes of the file. Throws Error if the file ends before them.
  void read_at(std::uint64_t offset, char* data, std::size_t bytes, const std::string& what) const;

 private:
  struct Object {
    std::uint64_t offset, bytes;  // in the file
  };
  using Heap = std::unordered_map<std::uint32_t, Object>;

  const Heap& heap(std::uint64_t address, const std::string& what);

  int descriptor_;
  std::uint64_t size_;
  std::unordered_map<std::uint64_t, Heap> heaps_;  // recently read, by address
  std::uint64_t cached_bytes_ = 0;                 // their sizes in the file
  // Bytes that the current call may still read. Many references to large heaps would take forever.
  std::uint64_t allowed_bytes_ = 0;
};

}  // namespace elmo::h5
