// UTF-8 and the little of Unicode that the toolkit needs.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace elmo {

// Offset of the first byte that is not valid UTF-8 (RFC 3629: no surrogates, no overlong forms,
// nothing above U+10FFFF), or npos.
std::size_t find_invalid_utf8(std::string_view text);
// Every maximal invalid part replaced by U+FFFD.
std::string replace_invalid_utf8(std::string_view text);

// Code point at `position` of valid UTF-8; moves `position` behind it.
char32_t decode_utf8(std::string_view text, std::size_t& position);
void append_utf8(std::string& text, char32_t character);
// Number of code points of valid UTF-8.
std::size_t count_characters(std::string_view text);

// Unicode general categories P* and S*.
bool is_punctuation_or_symbol(char32_t character);
// Unicode general categories M*: combining marks.
bool is_mark(char32_t character);

// Normalisation form C (utf8proc). Pure ASCII is returned as it is without work.
std::string to_nfc(std::string_view text);
// Normalisation form KC, which also takes compatibility forms for the ordinary ones.
std::string to_nfkc(std::string_view text);

}  // namespace elmo
