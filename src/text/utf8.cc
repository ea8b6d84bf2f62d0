#include "text/utf8.h"

#include <utf8proc.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "elmo/error.h"

namespace elmo {
namespace {

// Length of the valid character at `at`, or 0 if there is none; `good` is then the length (at least
// 1) of the maximal invalid part.
std::size_t character_length(std::string_view text, std::size_t at, std::size_t& good) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned char first = byte(0);
  good = 1;
  if (first < 0x80) return 1;
  std::size_t length = 0;
  unsigned char low = 0x80, high = 0xBF;  // bounds of the second byte
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
  } else {
    return 0;
  }
  for (std::size_t i = 1; i < length; ++i) {
    if (at + i >= text.size() || byte(i) < low || byte(i) > high) return 0;
    low = 0x80;
    high = 0xBF;
    ++good;
  }
  return length;
}

// The end of the ASCII bytes that start at `at`, in steps of eight.
std::size_t skip_ascii(std::string_view text, std::size_t at) {
  while (at + 8 <= text.size()) {
    std::uint64_t eight;
    std::memcpy(&eight, text.data() + at, 8);
    if ((eight & 0x8080808080808080u) != 0) break;
    at += 8;
  }
  while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80) ++at;
  return at;
}

// A quick check whether the text is in normalisation form C: true if all its characters are common
// ones with NFC_Quick_Check=Yes that are not combining marks or conjoining jamo.
bool is_plainly_nfc(std::string_view text) {
  std::size_t at = 0;
  while ((at = skip_ascii(text, at)) < text.size()) {
    const char32_t c = decode_utf8(text, at);
    const bool plain = c < 0x300 || (c >= 0x410 && c <= 0x44F) || (c >= 0x2010 && c <= 0x2027) ||
                       (c >= 0x3001 && c <= 0x3020) || (c >= 0x3131 && c <= 0x318E) ||
                       (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0xAC00 && c <= 0xD7A3);
    if (!plain) return false;
  }
  return true;
}

}  // namespace

std::size_t find_invalid_utf8(std::string_view text) {
  std::size_t at = 0, good = 0;
  while ((at = skip_ascii(text, at)) < text.size()) {
    const std::size_t length = character_length(text, at, good);
    if (length == 0) return at;
    at += length;
  }
  return std::string_view::npos;
}

std::string replace_invalid_utf8(std::string_view text) {
  std::string result;
  std::size_t at = 0, good = 0;
  while (at < text.size()) {
    const std::size_t length = character_length(text, at, good);
    if (length == 0) {
      result += "\xEF\xBF\xBD";
      at += good;
    } else {
      result += text.substr(at, length);
      at += length;
    }
  }
  return result;
}

char32_t decode_utf8(std::string_view text, std::size_t& position) {
  const auto next = [&] { return static_cast<unsigned char>(text[position++]); };
  const char32_t first = next();
  if (first < 0x80) return first;
  int more = first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
  char32_t character = first & (0x3Fu >> more);
  while (more-- > 0) character = (character << 6) | (next() & 0x3Fu);
  return character;
}

void append_utf8(std::string& text, char32_t character) {
  utf8proc_uint8_t bytes[4];
  const auto length = utf8proc_encode_char(static_cast<utf8proc_int32_t>(character), bytes);
  text.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
}

std::size_t count_characters(std::string_view text) {
  std::size_t count = 0;
  for (const char byte : text) count += (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  return count;
}

bool is_punctuation_or_symbol(char32_t character) {
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(character));
  return category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_SO;
}

bool is_mark(char32_t character) {
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(character));
  return category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME;
}

namespace {

// utf8proc's map with `options` and composition.
std::string map_text(std::string_view text, int options) {
  utf8proc_uint8_t* bytes = nullptr;
  const auto size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                   static_cast<utf8proc_ssize_t>(text.size()), &bytes,
                   static_cast<utf8proc_option_t>(options | UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(bytes, &std::free);
  if (size < 0) throw Error(std::string("text can't be normalised: ") + utf8proc_errmsg(size));
  return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

}  // namespace

std::string to_nfc(std::string_view text) {
  return is_plainly_nfc(text) ? std::string(text) : map_text(text, 0);
}
std::string to_nfkc(std::string_view text) {
  return skip_ascii(text, 0) == text.size() ? std::string(text) : map_text(text, UTF8PROC_COMPAT);
}

std::size_t count_nfc_characters(std::string_view text) {
  return is_plainly_nfc(text) ? count_characters(text) : count_characters(to_nfc(text));
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) {
    const int columns = utf8proc_charwidth(static_cast<utf8proc_int32_t>(decode_utf8(text, at)));
    width += static_cast<std::size_t>(columns > 0 ? columns : 0);
  }
  return width;
}

std::string padded(std::string_view text, std::size_t width) {
  const std::size_t own = display_width(text);
  return std::string(text) + std::string(width > own ? width - own : 0, ' ');
}

}  // namespace elmo
