// libFuzzer over the reader of torch's files: nothing but Error may come out, whatever goes in.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "elmo/error.h"
#include "io/torch_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using elmo::TorchFile;
  try {
    const TorchFile file(std::string(reinterpret_cast<const char*>(data), size), "fuzzed");
    for (const auto& tensor : file.tensors()) {
      // No tensor has more elements than its storage, which is in the file.
      std::vector<std::byte> bytes(static_cast<std::size_t>(tensor.elements()) *
                                   TorchFile::type_size(tensor.type));
      if (bytes.size() > size) __builtin_trap();
      file.copy(tensor, bytes);
      std::vector<float> values(static_cast<std::size_t>(tensor.elements()));
      file.read(tensor, values);
    }
  } catch (const elmo::Error&) {
  }
  return 0;
}
