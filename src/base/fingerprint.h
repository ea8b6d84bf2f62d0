// Which file a file is.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace elmo {

// XXH3-64 of a file's bytes in 16 hexadecimal digits, the same under any name and at any place.
// Empty for what can be read only once ("-", a pipe, a terminal). Throws Error: missing,
// unreadable.
std::string file_fingerprint(const std::filesystem::path& path);
std::string fingerprint(std::string_view bytes);

}  // namespace elmo
