#include "text/word_list.h"

#include <fmt/core.h>

#include <string_view>
#include <vector>

#include "elmo/error.h"
#include "text/line_reader.h"
#include "text/utf8.h"

namespace elmo {

std::vector<std::string> read_word_list(const std::string& path, Split split) {
  std::vector<std::string> words;
  std::unordered_set<std::string> seen;
  LineReader reader(path);
  std::string_view line;
  std::vector<std::string_view> cut;
  while (reader.next(line)) {
    cut.clear();
    split_words(line, split, cut);
    if (cut.size() > 1) {
      throw Error(fmt::format("{}:{}: holds several words; the list has one word a line", path,
                              reader.line_number()));
    }
    if (!cut.empty() && seen.emplace(cut[0]).second) words.emplace_back(cut[0]);
  }
  if (words.empty()) throw Error(path + ": holds no word; the list has one word a line");
  return words;
}

std::unordered_set<std::string> normal_words(const std::vector<std::string>& words) {
  std::unordered_set<std::string> result;
  for (const std::string& word : words) result.insert(to_nfc(word));
  return result;
}

}  // namespace elmo
