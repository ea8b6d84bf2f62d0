#include "text/characters.h"

#include <algorithm>
#include <cstddef>

namespace elmo {

void append_characters(std::string_view word, int most, std::vector<std::uint16_t>& ids) {
  ids.push_back(kBeginWord);
  if (word == "<S>") {
    ids.push_back(kBeginSentence);
  } else if (word == "</S>") {
    ids.push_back(kEndSentence);
  } else {
    for (const char byte : word.substr(0, static_cast<std::size_t>(std::max(0, most - 2)))) {
      ids.push_back(static_cast<unsigned char>(byte));
    }
  }
  ids.push_back(kEndWord);
}

}  // namespace elmo
