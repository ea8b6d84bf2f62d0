// Word lists written by users.
#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "text/words.h"

namespace elmo {

// The distinct words of a file with one word (as `split` defines it) a line; blank lines are
// skipped. Throws Error for an empty list and for a line with two words.
std::vector<std::string> read_word_list(const std::string& path, Split split = Split::kSpaces);
// The words in normalisation form C.
std::unordered_set<std::string> normal_words(const std::vector<std::string>& words);

}  // namespace elmo
