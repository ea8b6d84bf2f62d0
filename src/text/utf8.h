// UTF-8, and the few properties of Unicode that the toolkit needs.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace elmo {

// Offset of the first byte that is not valid UTF-8 (RFC 3629: no surrogates, no overlong forms,
// nothing above U+10FFFF), or npos.
std::size_t find_invalid_utf8(std::string_view text);
// The text with U+FFFD for each maximal invalid part.
std::string replace_invalid_utf8(std::string_view text);

// The code point at `position` of valid UTF-8; moves `position` past it.
char32_t decode_utf8(std::string_view text, std::size_t& position);
void append_utf8(std::string& text, char32_t character);
// Number of code points of valid UTF-8.
std::size_t count_characters(std::string_view text);

// Is the general category P* or S*?
bool is_punctuation_or_symbol(char32_t character);
// Is the general category M* (combining marks)?
bool is_mark(char32_t character);

// Normalisation form C (utf8proc) of valid UTF-8. Words are compared in this form, because macOS
// writes Hangul and accented letters decomposed. Fast for text of common characters only.
std::string to_nfc(std::string_view text);
// Normalisation form KC, which also replaces compatibility characters.
std::string to_nfkc(std::string_view text);
// count_characters() of to_nfc(text): the characters that people see.
std::size_t count_nfc_characters(std::string_view text);
// Columns that valid UTF-8 takes in a terminal: two for Hangul, Hanja and other wide characters,
// none for combining marks (utf8proc's widths).
std::size_t display_width(std::string_view text);
// `text` followed by as many spaces as make it `width` columns wide.
std::string padded(std::string_view text, std::size_t width);

}  // namespace elmo
