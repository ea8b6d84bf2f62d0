#include "base/fingerprint.h"

#include <fmt/core.h>
#include <xxhash.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <new>
#include <vector>

#include "elmo/error.h"

namespace elmo {

StreamingHash::StreamingHash()
    : state_(XXH3_createState(), [](XXH3_state_s* state) { XXH3_freeState(state); }) {
  if (!state_) throw std::bad_alloc();
  reset();
}

void StreamingHash::add(const void* data, std::size_t bytes) {
  XXH3_64bits_update(state_.get(), data, bytes);
}

std::uint64_t StreamingHash::value() const { return XXH3_64bits_digest(state_.get()); }

void StreamingHash::reset() { XXH3_64bits_reset(state_.get()); }

std::string file_fingerprint(const std::filesystem::path& path) {
  if (path == "-") return {};
  std::error_code failed;
  const auto status = std::filesystem::status(path, failed);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) return {};
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    throw Error(fmt::format("{}: can't be read: {}", path.string(), std::strerror(errno)));
  }
  StreamingHash hash;
  std::vector<char> buffer(1u << 20);
  while (stream) {
    stream.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    hash.add(buffer.data(), static_cast<std::size_t>(stream.gcount()));
  }
  if (stream.bad()) throw Error(path.string() + ": can't be read to its end");
  return fmt::format("{:016x}", hash.value());
}

std::string fingerprint(std::string_view bytes) {
  return fmt::format("{:016x}", XXH3_64bits(bytes.data(), bytes.size()));
}

std::uint64_t chained_hash(std::string_view next, std::uint64_t before) {
  return XXH3_64bits_withSeed(next.data(), next.size(), before);
}

}  // namespace elmo
