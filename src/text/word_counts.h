// How often each word of a text occurs.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "text/line_reader.h"
#include "text/words.h"

namespace elmo {

// Keys are words in normalisation form C.
using WordCounts = std::unordered_map<std::string, std::uint64_t>;

// Counts the words of a text that can be read more than once. Memory is bounded by the number of
// distinct words. Throws Error as LineReader does, and Interrupted after SIGINT or SIGTERM.
WordCounts count_words(const std::string& input, Split split, InvalidText invalid);

// Sorted by falling count; equal counts by the words' bytes.
std::vector<std::pair<std::string, std::uint64_t>> by_frequency(const WordCounts& counts);

}  // namespace elmo
