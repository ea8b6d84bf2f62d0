#include "text/word_vocabulary.h"

#include <fmt/core.h>

#include <utility>

#include "elmo/error.h"
#include "text/line_reader.h"
#include "text/utf8.h"

namespace elmo {

WordVocabulary::WordVocabulary(std::string bytes, const std::string& source)
    : Vocabulary(std::move(bytes)) {
  std::string_view rest = bytes_;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (word.ends_with('\r')) word.remove_suffix(1);
    const std::size_t line = words_.size() + 1;
    if (word.empty())
      throw Error(
          fmt::format("{}:{}: an empty line; a word list has one word a line", source, line));
    if (find_invalid_utf8(word) != std::string_view::npos) {
      throw Error(fmt::format("{}:{}: not UTF-8; make the list again with `elmo vocab --type word`",
                              source, line));
    }
    const auto [place, added] =
        ids_.emplace(std::string(word), static_cast<std::int32_t>(words_.size()));
    if (!added) {
      throw Error(fmt::format("{}:{}: '{}' is already on line {}; remove one of them", source, line,
                              word, place->second + 1));
    }
    words_.emplace_back(word);
    if (std::string normal = to_nfc(word); normal != word) {
      normal_ids_.emplace(std::move(normal), place->second);
    }
  }
  rows_ = static_cast<std::int32_t>(words_.size());
  const auto special = [&](const char* word) {
    const auto found = ids_.find(std::string_view(word));
    if (found == ids_.end()) {
      throw Error(
          fmt::format("{}: holds no {}; a word list begins with <S>, </S>, <UNK> (`elmo vocab "
                      "--type word` makes one)",
                      source, word));
    }
    return found->second;
  };
  bos_ = special("<S>");
  eos_ = special("</S>");
  unk_ = special("<UNK>");
  if (words_.size() < 4) throw Error(source + ": holds no word besides <S>, </S>, <UNK>");
}

WordVocabulary WordVocabulary::from_file(const std::string& path) {
  constexpr std::size_t kLargest = 1u << 30;
  LineReader reader(path);
  std::string bytes;
  std::string_view line;
  std::size_t blank_lines = 0;
  while (reader.next(line)) {
    const std::string_view word = trim_blanks(line);
    if (word.empty()) {
      ++blank_lines;
      continue;
    }
    // The constructor reports the line number of a blank line.
    bytes.append(std::exchange(blank_lines, 0), '\n');
    bytes += word;
    bytes += '\n';
    if (bytes.size() > kLargest) {
      throw Error(
          fmt::format("{}: is larger than the {} bytes a word list may have", path, kLargest));
    }
  }
  return WordVocabulary(std::move(bytes), path);
}

std::int32_t WordVocabulary::id(std::string_view word) const {
  if (const auto found = ids_.find(word); found != ids_.end()) return found->second;
  const std::string normal = to_nfc(word);
  if (const auto found = ids_.find(normal); found != ids_.end()) return found->second;
  const auto found = normal_ids_.find(normal);
  return found == normal_ids_.end() ? unk_ : found->second;
}

}  // namespace elmo
