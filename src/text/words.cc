#include "text/words.h"

#include <algorithm>
#include <string>
#include <utility>

#include "elmo/error.h"
#include "text/utf8.h"

namespace elmo {
namespace {

bool is_space(char byte) { return byte == ' ' || byte == '\t'; }

constexpr std::pair<std::string_view, Split> kSplits[] = {{"spaces", Split::kSpaces},
                                                          {"characters", Split::kCharacters},
                                                          {"punctuation", Split::kPunctuation},
                                                          {"tabs", Split::kTabs}};

// Cuts text without spaces where punctuation begins or ends, or after every character.
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

void split_at_tabs(std::string_view line, std::vector<std::string_view>& words) {
  while (!line.empty()) {
    const std::string_view word = line.substr(0, line.find('\t'));
    line.remove_prefix(std::min(word.size() + 1, line.size()));
    if (word.find_first_not_of(' ') != std::string_view::npos) words.push_back(word);
  }
}

}  // namespace

Split parse_split(std::string_view name) {
  for (const auto& [known, split] : kSplits) {
    if (known == name) return split;
  }
  throw UsageError("split '" + std::string(name) +
                   "' is not one of spaces, characters, punctuation, tabs");
}

std::string_view split_name(Split split) {
  for (const auto& [name, known] : kSplits) {
    if (known == split) return name;
  }
  return "";
}

void split_words(std::string_view line, Split split, std::vector<std::string_view>& words) {
  if (split == Split::kTabs) {
    split_at_tabs(line, words);
    return;
  }
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
