// Files of torch.save: no tensor may have more elements than its storage in the file.
#include <cstddef>
#include <string>
#include <vector>

#include "io/torch_file.h"
#include "tests/fuzz/fuzz_support.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace elmo;
  succeeds([&] {
    const TorchFile file(std::string(reinterpret_cast<const char*>(data), size), "fuzzed");
    for (const auto& tensor : file.tensors()) {
      std::vector<std::byte> bytes(static_cast<std::size_t>(tensor.elements()) *
                                   TorchFile::type_size(tensor.type));
      require(bytes.size() <= size);
      file.copy(tensor, bytes);
      std::vector<float> values(static_cast<std::size_t>(tensor.elements()));
      file.read(tensor, values);
    }
  });
  return 0;
}
