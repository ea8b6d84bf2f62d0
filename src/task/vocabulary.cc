#include "task/vocabulary.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "text/utf8.h"

namespace elmo::task {
namespace {

constexpr std::size_t kEndCharacters = 3;

// The last `characters` characters; empty if the word is shorter.
std::string_view word_end(std::string_view word, std::size_t characters) {
  std::size_t at = word.size();
  for (std::size_t i = 0; i < characters; ++i) {
    if (at == 0) return {};
    do --at;
    while (at > 0 && (static_cast<unsigned char>(word[at]) & 0xC0) == 0x80);
  }
  return word.substr(at);
}

std::vector<std::string> twice_or_more(const std::unordered_map<std::string, std::int64_t>& counts,
                                       const std::unordered_set<std::string>& left_out) {
  std::vector<std::pair<std::int64_t, std::string>> kept;
  for (const auto& [name, count] : counts) {
    if (count >= 2 && !left_out.contains(name)) kept.emplace_back(-count, name);
  }
  std::sort(kept.begin(), kept.end());
  std::vector<std::string> names;
  for (auto& [count, name] : kept) names.push_back(std::move(name));
  return names;
}

}  // namespace

NameTable::NameTable(std::vector<std::string> names) : names_(std::move(names)) {
  for (std::size_t i = 0; i < names_.size(); ++i) {
    rows_.emplace(to_nfc(names_[i]), static_cast<std::int32_t>(i + 1));
  }
}

std::int32_t NameTable::row(std::string_view name) const {
  const auto found = rows_.find(to_nfc(name));
  return found == rows_.end() ? 0 : found->second;
}

std::string NameTable::bytes() const {
  std::string bytes;
  for (const std::string& name : names_) bytes += name + '\n';
  return bytes;
}

NameTable NameTable::from_bytes(std::string_view bytes) {
  std::vector<std::string> names;
  while (!bytes.empty()) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    names.emplace_back(bytes.substr(0, end));
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
  return NameTable(std::move(names));
}

Vocabulary Vocabulary::of(const DataSet& data, const std::vector<std::string>& given) {
  std::unordered_map<std::string, std::int64_t> words, ends;
  for (const Example& example : data.examples) {
    for (const std::string& raw : example.words) {
      const std::string word = to_nfc(raw);
      if (++words[word] > 1) continue;
      for (std::size_t n = 1; n <= kEndCharacters; ++n) {
        const std::string_view end = word_end(word, n);
        if (!end.empty()) ++ends[std::string(end)];
      }
    }
  }
  std::vector<std::string> names = given;
  std::unordered_set<std::string> left_out;
  for (const std::string& name : given) left_out.insert(to_nfc(name));
  for (std::string& name : twice_or_more(words, left_out)) {
    names.push_back(std::move(name));
  }
  return {NameTable(std::move(names)), NameTable(twice_or_more(ends, {}))};
}

std::int32_t Vocabulary::word_row(std::string_view word) const {
  const std::int32_t row = words.row(word);
  if (row != 0) return row;
  std::string lower(word);
  for (char& byte : lower) {
    if (byte >= 'A' && byte <= 'Z') byte = static_cast<char>(byte - 'A' + 'a');
  }
  return words.row(lower);
}

std::int32_t Vocabulary::end_row(std::string_view raw) const {
  const std::string word = to_nfc(raw);
  for (std::size_t n = kEndCharacters; n > 0; --n) {
    const std::string_view end = word_end(word, n);
    const std::int32_t row = end.empty() ? 0 : ends.row(end);
    if (row != 0) return row;
  }
  return 0;
}

}  // namespace elmo::task
