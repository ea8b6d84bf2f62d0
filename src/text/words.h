// What a word is.
#pragma once

#include <string_view>
#include <vector>

namespace elmo {

// kSpaces: a word is what stands between U+0020 or tab. kPunctuation: within those, each run of
// Unicode punctuation or symbols (P*, S*) is a word of its own. kCharacters: each code point that
// is not U+0020 or tab is a word (with the combining marks, category M*, that follow it). kTabs: a
// word is what stands between tabs, its spaces included, unless it is nothing but spaces.
enum class Split { kSpaces, kCharacters, kPunctuation, kTabs };
Split parse_split(std::string_view name);  // spaces|characters|punctuation|tabs; throws UsageError
std::string_view split_name(Split split);

// Appends the words of a line (valid UTF-8, raw: before any normalisation) to `words`.
void split_words(std::string_view line, Split split, std::vector<std::string_view>& words);

}  // namespace elmo
