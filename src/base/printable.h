// Names and lists in messages.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace elmo {

// At most 100 bytes of a name from another program's file; bytes that are not printable ASCII
// become question marks.
inline std::string printable(std::string_view text) {
  std::string result(text.substr(0, 100));
  std::ranges::replace_if(
      result, [](char c) { return c < ' ' || c > '~'; }, '?');
  return result;
}

// "a, b and c", where the conjunction is "and".
inline std::string join_words(const std::vector<std::string>& words, std::string_view conjunction) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text.append(i + 1 == words.size() ? " " : ", ");
    if (i > 0 && i + 1 == words.size()) text.append(conjunction).append(" ");
    text += words[i];
  }
  return text;
}

}  // namespace elmo
