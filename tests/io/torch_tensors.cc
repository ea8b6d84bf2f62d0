// Program run by torch_file_test.py.
//   torch_tensors FILE           a line for each tensor: name, type, shape, bytes in hexadecimal
//   torch_tensors --damage FILE  reads every prefix and every flipped bit; prints how many of each
//                                were refused
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

#include "base/file.h"
#include "elmo/error.h"
#include "io/torch_file.h"

namespace {

using namespace elmo;

std::vector<std::byte> bytes_of(const TorchFile& file, const TorchFile::Tensor& tensor) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(tensor.elements()) *
                               TorchFile::type_size(tensor.type));
  file.copy(tensor, bytes);
  return bytes;
}

void show(const TorchFile& file) {
  for (const auto& tensor : file.tensors()) {
    std::printf("%s %s", tensor.name.c_str(),
                std::string(TorchFile::type_name(tensor.type)).c_str());
    std::printf(" (");
    for (const auto extent : tensor.shape) std::printf("%lld,", static_cast<long long>(extent));
    std::printf(") ");
    for (const std::byte byte : bytes_of(file, tensor)) {
      std::printf("%02x", std::to_integer<unsigned>(byte));
    }
    std::printf("\n");
  }
}

// Reads everything that a file claims to hold, up to the limits of a small file.
bool is_refused(const std::string& bytes) {
  try {
    const TorchFile file(bytes, "damaged");
    for (const auto& tensor : file.tensors()) {
      if (tensor.elements() < (1 << 20)) bytes_of(file, tensor);
    }
    return false;
  } catch (const Error&) {
    return true;
  }
}

void damage(const std::string& bytes) {
  std::size_t prefixes = 0, flips = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    prefixes += is_refused(bytes.substr(0, size));
  }
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    flips += is_refused(flipped);
  }
  std::printf("%zu %zu %zu\n", bytes.size(), prefixes, flips);
}

}  // namespace

int main(int count, char** words) {
  try {
    const std::string path = words[count - 1];
    if (count == 3) {
      damage(read_file(path));
    } else {
      show(TorchFile::read(path));
    }
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
