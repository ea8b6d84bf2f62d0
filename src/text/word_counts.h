// How often the words of a text occur.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "text/line_reader.h"
#include "text/words.h"

namespace elmo {

// By the words in normalisation form C.
using WordCounts = std::unordered_map<std::string, std::uint64_t>;

// Of a text that can be read again. Memory is bounded by the number of distinct words. Throws Error
// as LineReader does, and Interrupted after SIGINT or SIGTERM.
WordCounts count_words(const std::string& input, Split split, InvalidText invalid);

// The most frequent first, equally frequent ones in the order of their bytes.
std::vector<std::pair<std::string, std::uint64_t>> by_frequency(const WordCounts& counts);

}  // namespace elmo
