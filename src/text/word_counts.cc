#include "text/word_counts.h"

#include <algorithm>
#include <string_view>

#include "base/interrupt.h"
#include "elmo/error.h"
#include "text/utf8.h"

namespace elmo {

WordCounts count_words(const std::string& input, Split split, InvalidText invalid) {
  WordCounts counts;
  LineReader reader(input, invalid);
  std::string_view line;
  std::vector<std::string_view> words;
  while (reader.next(line)) {
    words.clear();
    split_words(line, split, words);
    for (const std::string_view word : words) ++counts[to_nfc(word)];
    if (interrupted()) throw Interrupted("interrupted while the words were counted");
  }
  return counts;
}

std::vector<std::pair<std::string, std::uint64_t>> by_frequency(const WordCounts& counts) {
  std::vector<std::pair<std::string, std::uint64_t>> sorted(counts.begin(), counts.end());
  std::ranges::sort(sorted, [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  return sorted;
}

}  // namespace elmo
