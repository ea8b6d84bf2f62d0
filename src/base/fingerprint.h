// Which file a file is.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct XXH3_state_s;

namespace elmo {

// XXH3-64 of bytes that come piece by piece, however they are cut.
class StreamingHash {
 public:
  StreamingHash();
  void add(const void* data, std::size_t bytes);
  std::uint64_t value() const;  // of what was added since the beginning or reset()
  void reset();

 private:
  std::unique_ptr<XXH3_state_s, void (*)(XXH3_state_s*)> state_;
};

// XXH3-64 of a file's bytes in 16 hexadecimal digits, the same under any name and at any place.
// Empty for what can be read only once ("-", a pipe, a terminal). Throws Error: missing,
// unreadable.
std::string file_fingerprint(const std::filesystem::path& path);
std::string fingerprint(std::string_view bytes);

// XXH3-64 of a sequence of texts, one after the other: each with what came before as its seed,
// which is 0 at the beginning.
std::uint64_t chained_hash(std::string_view next, std::uint64_t before);
inline std::uint64_t chained_hash(std::span<const float> next, std::uint64_t before) {
  const auto bytes = std::as_bytes(next);
  return chained_hash({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, before);
}

}  // namespace elmo
