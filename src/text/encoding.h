// Guesses the legacy encoding of text that is not UTF-8.
#pragma once

#include <string_view>

namespace elmo {

// Do the bytes, decoded as CP949, give mostly Hangul apart from ASCII?
bool is_korean_cp949(std::string_view bytes);

}  // namespace elmo
