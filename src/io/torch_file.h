// Reads files of PyTorch's torch.save that hold a dictionary of tensors, without Python and without
// executing anything in them.
//
// There are two layouts, distinguished by the first bytes.
//   80           (before torch 1.6) five consecutive pickles: a magic number, the protocol
//                1001, the byte order, the dictionary, the list of storage keys; then for each
//                key, in that order, its number of elements (int64) and its elements, not aligned.
//   50 4B 03 04  a zip archive of uncompressed entries in one folder: `data.pkl`, the dictionary;
//                `data/KEY`, the elements of a storage; optionally `byteorder`.
// In both, a tensor of the dictionary is a call of torch._utils._rebuild_tensor_v2 (before 0.4
// _rebuild_tensor) with a storage, an offset, a size and strides. Numbers are little-endian.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/tensor_file.h"

namespace elmo {

class TorchFile {
 public:
  enum class Type {
    kFloat32,
    kFloat64,
    kFloat16,
    kBfloat16,
    kInt64,
    kInt32,
    kInt16,
    kInt8,
    kUint8,
    kBool
  };
  static std::string_view type_name(Type type);  // "float32"
  static std::size_t type_size(Type type);       // bytes

  struct Tensor {
    std::string name;
    Type type;
    Shape shape;                       // () is a scalar
    std::vector<std::int64_t> stride;  // in elements
    std::size_t begin;                 // byte offset of the first element in the file

    std::int64_t elements() const;
  };

  // Reads and checks a whole file. Throws Error naming the file if it is something else (a web
  // page, a Git LFS pointer, empty), is truncated or big-endian, has an opcode, a global or a
  // layout other than those above, a compressed entry, a tensor outside its storage, or a storage
  // of a wrong size.
  static TorchFile read(const std::filesystem::path& path);
  // The same for the bytes of a file. `source` names it in messages.
  TorchFile(std::string bytes, const std::string& source);

  const std::string& source() const { return source_; }
  const std::vector<Tensor>& tensors() const { return tensors_; }  // in the file's order
  const Tensor* find(std::string_view name) const;                 // nullptr if there is none

  // Copies a tensor's elements, row-major, without conversion. `bytes` has the size elements() *
  // type_size().
  void copy(const Tensor& tensor, std::span<std::byte> bytes) const;
  // Converts the elements of any floating type to float32. Throws Error for another type.
  void read(const Tensor& tensor, std::span<float> values) const;

 private:
  void read_legacy();
  void read_zip();

  std::string bytes_, source_;
  std::vector<Tensor> tensors_;
};

}  // namespace elmo
