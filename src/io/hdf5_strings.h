// Strings of variable length, read past HDF5: its own reader (1.10) loops for ever over a damaged
// heap and frees what a damaged one points to, and no file may do that to us.
//
// A dataset holds references of 16 bytes (uint32 length, uint64 address of a heap, uint32 index);
// a heap ("global heap collection", section III.E of the HDF5 file format specification 1.1 to 3.0)
// is "GCOL", a version, its size and objects: uint16 index, uint16 and uint32 that we pass over,
// uint64 size and the bytes, padded to 8.
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

  // Throws Error: addresses of other sizes than 8 bytes or a user block before them.
  explicit StringHeap(const File& file);
  ~StringHeap();
  StringHeap(const StringHeap&) = delete;
  StringHeap& operator=(const StringHeap&) = delete;

  // The strings that these references stand for, each up to its first NUL. Throws Error, beginning
  // with `what`: a reference to what is no string, or all of them longer than the file.
  std::vector<std::string> read(std::string_view references, const std::string& what);
  // Bytes of the file; an Error where it ends before them.
  void read_at(std::uint64_t offset, char* data, std::size_t bytes, const std::string& what) const;

 private:
  struct Object {
    std::uint64_t offset, bytes;  // in the file
  };
  using Heap = std::unordered_map<std::uint32_t, Object>;

  const Heap& heap(std::uint64_t address, const std::string& what);

  int descriptor_;
  std::uint64_t size_;
  std::unordered_map<std::uint64_t, Heap> heaps_;  // read lately, by their addresses
  std::uint64_t cached_bytes_ = 0;                 // of theirs in the file
  // That one call may still read: references without end to large heaps would take for ever.
  std::uint64_t allowed_bytes_ = 0;
};

}  // namespace elmo::h5
