// String functions that every layer needs.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace elmo {

// The characters that separate words and surround fields: space and tab.
inline constexpr std::string_view kBlanks = " \t";

inline bool is_blank(std::string_view text) {
  return text.find_first_not_of(kBlanks) == std::string_view::npos;
}

inline std::string_view trim_blanks(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

// The text without the white space around it, as Python's str.strip() removes it: in UTF-8,
// including Unicode's white space (such as U+3000) and the separators U+001C to U+001F.
std::string_view strip_whitespace(std::string_view text);

// Lets a map with string keys be searched with a string_view.
struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};
template <typename T>
using StringMap = std::unordered_map<std::string, T, StringHash, std::equal_to<>>;

// The text with control characters, also tabs, escaped as in C (\\n, \\x1b): file names may contain
// them.
std::string one_line(std::string_view text);

// The path quoted as one word of a shell command, for commands that messages suggest.
std::string shell_word(std::string_view path);

}  // namespace elmo
