// Words, normal forms, display widths, queries and encodings of a text.
#include <string_view>
#include <vector>

#include "base/strings.h"
#include "tests/fuzz/fuzz_support.h"
#include "text/encoding.h"
#include "text/query.h"
#include "text/utf8.h"
#include "text/words.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace elmo;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  is_korean_cp949(bytes);
  succeeds([&] { parse_query(bytes); });
  shell_word(bytes);
  const std::string text = replace_invalid_utf8(bytes);
  require(find_invalid_utf8(text) == std::string_view::npos);
  const std::string normal = to_nfc(text);
  require(to_nfc(normal) == normal);
  require(count_nfc_characters(text) == count_characters(normal));
  require(display_width(padded(text, 7)) >= 7);
  std::string without_blanks;
  for (const char byte : text) {
    if (byte != ' ' && byte != '\t') without_blanks += byte;
  }
  for (const Split split : {Split::kSpaces, Split::kCharacters, Split::kPunctuation}) {
    std::vector<std::string_view> words;
    split_words(text, split, words);
    std::string joined;
    for (const std::string_view word : words) {
      require(!word.empty());
      joined += word;
    }
    require(joined == without_blanks);
    require(words.empty() == is_blank(text));
  }
  const std::string_view stripped = strip_whitespace(text);
  require(strip_whitespace(stripped) == stripped);
  return 0;
}
