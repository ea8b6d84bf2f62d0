#include "task/vector_text.h"

#include <fmt/core.h>

#include <cmath>
#include <unordered_set>

#include "base/numbers.h"
#include "elmo/error.h"
#include "text/line_reader.h"
#include "text/utf8.h"

namespace elmo::task {
namespace {

// Far above real sets of vectors; keeps a wrong file from exhausting the memory.
constexpr std::int64_t kMaxDimension = 16384;

std::string_view next_field(std::string_view& rest) {
  while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\t')) rest.remove_prefix(1);
  const std::size_t end = std::min(rest.find_first_of(" \t"), rest.size());
  const std::string_view field = rest.substr(0, end);
  rest.remove_prefix(end);
  return field;
}

}  // namespace

WordVectorTable read_word_vectors(const std::string& path, std::size_t most,
                                  const std::function<bool(std::string_view)>& wanted) {
  // Words of old collections are not always UTF-8. Such a word never matches a word of a text.
  LineReader reader(path, InvalidText::kReplace);
  WordVectorTable table;
  std::unordered_set<std::string> seen;
  std::vector<float> numbers;
  std::int64_t promised = -1, lines = 0;
  std::string_view line;
  std::uint64_t blank_line = 0;
  while (reader.next(line)) {
    const auto fail = [&](const std::string& what) {
      throw Error(fmt::format("{}:{}: {}; a line is a word and its numbers, separated by spaces",
                              path, reader.line_number(), what));
    };
    std::string_view rest = line;
    const std::string_view raw_word = next_field(rest);
    if (raw_word.empty()) {
      if (blank_line == 0) blank_line = reader.line_number();
      continue;
    }
    if (blank_line != 0) {
      throw Error(
          fmt::format("{}:{}: an empty line among the vectors; remove it", path, blank_line));
    }
    const std::string word = to_nfc(raw_word);
    numbers.clear();
    for (std::string_view field = next_field(rest); !field.empty(); field = next_field(rest)) {
      const auto value = parse_number<float>(field);
      if (!value || !std::isfinite(*value)) {
        if (promised >= 0 && reader.invalid_lines() > 0) {
          throw Error(path +
                      ": is word2vec's binary form; convert it to text (gensim: KeyedVectors"
                      ".load_word2vec_format(FILE, binary=True).save_word2vec_format(NEW))");
        }
        fail(fmt::format("'{}' is not a number", field.substr(0, 40)));
      }
      if (static_cast<std::int64_t>(numbers.size()) == kMaxDimension) {
        fail(fmt::format("more than {} numbers", kMaxDimension));
      }
      numbers.push_back(*value);
    }
    const auto size = static_cast<std::int64_t>(numbers.size());
    if (reader.line_number() == 1 && size == 1) {
      std::int64_t dimension = 0;
      promised = parse_number<std::int64_t>(word).value_or(-1);
      if (promised > 0 && std::trunc(numbers[0]) == numbers[0] && numbers[0] > 0 &&
          numbers[0] <= kMaxDimension) {
        dimension = static_cast<std::int64_t>(numbers[0]);
      }
      if (dimension == 0) fail("neither a vector nor `COUNT DIMENSION`");
      table.dimension = dimension;
      continue;
    }
    if (table.dimension == 0) table.dimension = size;
    if (size != table.dimension || size == 0) {
      fail(fmt::format("{} numbers, not {}", size, table.dimension));
    }
    ++lines;
    if (table.words.size() >= most && !wanted(word)) continue;
    if (!seen.emplace(word).second) continue;
    table.words.emplace_back(word);
    table.values.insert(table.values.end(), numbers.begin(), numbers.end());
  }
  if (promised >= 0 && lines < promised) {
    throw Error(fmt::format("{}: {} vectors, but its first line says {}; the file is cut short",
                            path, lines, promised));
  }
  if (table.words.empty()) throw Error(path + ": holds no vector");
  return table;
}

}  // namespace elmo::task
