// Cutting a line into words.
#pragma once

#include <string_view>
#include <vector>

namespace elmo {

// kSpaces: words are separated by U+0020 and tab. kPunctuation: the same, and each run of Unicode
// punctuation or symbols (P*, S*) is a word of its own. kCharacters: each code point other than
// U+0020 and tab is a word, together with the combining marks (M*) that follow it. kTabs: words are
// separated by tabs and keep their spaces; a word of nothing but spaces is dropped.
enum class Split { kSpaces, kCharacters, kPunctuation, kTabs };
Split parse_split(std::string_view name);  // spaces|characters|punctuation|tabs; throws UsageError
std::string_view split_name(Split split);

// Appends the words of a line to `words`, as views. `line` is valid UTF-8, not yet normalised.
void split_words(std::string_view line, Split split, std::vector<std::string_view>& words);

}  // namespace elmo
