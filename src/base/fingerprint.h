// Hashes that identify files and sequences of texts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct XXH3_state_s;

namespace elmo {

// XXH3-64 of bytes that are added in pieces; where they are cut does not matter.
class StreamingHash {
 public:
  StreamingHash();
  void add(const void* data, std::size_t bytes);
  std::uint64_t value() const;  // of all bytes since the beginning or reset()
  void reset();

 private:
  std::unique_ptr<XXH3_state_s, void (*)(XXH3_state_s*)> state_;
};

// XXH3-64 of a file's bytes as 16 hexadecimal digits, whatever its name and place. Empty for what
// can be read only once ("-", a pipe, a terminal). Throws Error if the file is missing or
// unreadable.
std::string file_fingerprint(const std::filesystem::path& path);
std::string fingerprint(std::string_view bytes);

// XXH3-64 of a sequence of texts: each is hashed with the hash of those before it as its seed. The
// seed of the first is 0.
std::uint64_t chained_hash(std::string_view next, std::uint64_t before);
inline std::uint64_t chained_hash(std::span<const float> next, std::uint64_t before) {
  const auto bytes = std::as_bytes(next);
  return chained_hash({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, before);
}

}  // namespace elmo
