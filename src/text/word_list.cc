#include "text/word_list.h"

#include <fmt/core.h>

#include <string_view>

#include "base/strings.h"
#include "elmo/error.h"
#include "text/line_reader.h"
#include "text/utf8.h"

namespace elmo {

std::vector<std::string> read_word_list(const std::string& path) {
  std::vector<std::string> words;
  std::unordered_set<std::string> seen;
  LineReader reader(path);
  std::string_view line;
  while (reader.next(line)) {
    const std::string_view word = trim_blanks(line);
    if (word.find_first_of(kBlanks) != std::string_view::npos) {
      throw Error(fmt::format("{}:{}: holds several words; the list has one word a line", path,
                              reader.line_number()));
    }
    if (!word.empty() && seen.emplace(word).second) words.emplace_back(word);
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
