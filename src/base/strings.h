// The little about strings that all floors need.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace elmo {

// What separates words and stands around fields: space and tab.
inline constexpr std::string_view kBlanks = " \t";

inline bool is_blank(std::string_view text) {
  return text.find_first_not_of(kBlanks) == std::string_view::npos;
}

inline std::string_view trim_blanks(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

// Without the white space around it, as Python's str.strip() takes it off: in UTF-8, Unicode's
// white space (U+3000 and others) and the separators U+001C to U+001F.
std::string_view strip_whitespace(std::string_view text);

// Lets a map of strings be asked for a string_view.
struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};
template <typename T>
using StringMap = std::unordered_map<std::string, T, StringHash, std::equal_to<>>;

// Control characters, tabs too, as C writes them (\\n, \\x1b): a name of a file may hold any.
std::string one_line(std::string_view text);

// The path as one word of a shell's command line, for commands that messages advise.
std::string shell_word(std::string_view path);

}  // namespace elmo
