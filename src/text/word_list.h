// Lists of words that people write.
#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "text/words.h"

namespace elmo {

// Words of a file, one a line as `split` has them, each once; blank lines are passed over. Throws
// Error for an empty list and for two words on a line.
std::vector<std::string> read_word_list(const std::string& path, Split split = Split::kSpaces);
// In normalisation form C.
std::unordered_set<std::string> normal_words(const std::vector<std::string>& words);

}  // namespace elmo
