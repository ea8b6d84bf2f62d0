#include "text/words.h"

#include <string>

#include "elmo/error.h"
#include "text/utf8.h"

namespace elmo {
namespace {

bool is_space(char byte) { return byte == ' ' || byte == '\t'; }

// Cuts one space-free stretch where punctuation begins or ends, or after every character.
void split_stretch(std::string_view text, Split split, std::vector<std::string_view>& words) {
  if (split == Split::kSpaces) {
    words.push_back(text);
    return;
  }
  std::size_t begin = 0, at = 0;
  bool was_punctuation = false;
  while (at < text.size()) {
    const std::size_t here = at;
    const char32_t character = decode_utf8(text, at);
    bool cut = false;
    if (split == Split::kCharacters) {
      cut = !is_mark(character);
    } else {
      const bool punctuation = is_punctuation_or_symbol(character);
      cut = punctuation != was_punctuation;
      was_punctuation = punctuation;
    }
    if (cut && here > begin) {
      words.push_back(text.substr(begin, here - begin));
      begin = here;
    }
  }
  words.push_back(text.substr(begin));
}

}  // namespace

Split parse_split(std::string_view name) {
  if (name == "spaces") return Split::kSpaces;
  if (name == "characters") return Split::kCharacters;
  if (name == "punctuation") return Split::kPunctuation;
  throw UsageError("split '" + std::string(name) + "' is none of spaces, characters, punctuation");
}

std::string_view split_name(Split split) {
  return split == Split::kSpaces       ? "spaces"
         : split == Split::kCharacters ? "characters"
                                       : "punctuation";
}

void split_words(std::string_view line, Split split, std::vector<std::string_view>& words) {
  std::size_t at = 0;
  while (at < line.size()) {
    if (is_space(line[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < line.size() && !is_space(line[end])) ++end;
    split_stretch(line.substr(at, end - at), split, words);
    at = end;
  }
}

}  // namespace elmo
