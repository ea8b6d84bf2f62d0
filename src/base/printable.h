// Names out of files of others, for messages.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace elmo {

// At most 100 bytes of `text`, each byte that is not printable ASCII as a question mark.
inline std::string printable(std::string_view text) {
  std::string result(text.substr(0, 100));
  std::ranges::replace_if(
      result, [](char c) { return c < ' ' || c > '~'; }, '?');
  return result;
}

}  // namespace elmo
