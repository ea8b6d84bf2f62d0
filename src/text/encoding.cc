#include "text/encoding.h"

#include <iconv.h>

#include <cstddef>
#include <string>

#include "text/utf8.h"

namespace elmo {

bool is_korean_cp949(std::string_view bytes) {
  constexpr std::size_t kEnough = 4096;
  const iconv_t converter = iconv_open("UTF-8", "CP949");
  // iconv may have been installed without the table of CP949.
  if (converter == reinterpret_cast<iconv_t>(-1)) return false;
  const bool whole = bytes.size() <= kEnough;
  std::string from(bytes.substr(0, kEnough)), to(3 * from.size(), '\0');
  char* in = from.data();
  char* out = to.data();
  std::size_t in_left = from.size(), out_left = to.size();
  const std::size_t failed = iconv(converter, &in, &in_left, &out, &out_left);
  iconv_close(converter);
  // If the text was cut to kEnough bytes, its last character may be incomplete.
  if (failed == static_cast<std::size_t>(-1) && (whole || in_left > 1)) return false;
  to.resize(to.size() - out_left);
  std::size_t hangul = 0, others = 0;
  for (std::size_t at = 0; at < to.size();) {
    const char32_t character = decode_utf8(to, at);
    if (character < 0x80) continue;
    ++(character >= 0xAC00 && character <= 0xD7A3 ? hangul : others);
  }
  // Some Hanja and quotation marks among the Hangul are normal. Text of other encodings, decoded as
  // CP949, gives almost only Hanja.
  return hangul > 0 && hangul >= 2 * others;
}

}  // namespace elmo
