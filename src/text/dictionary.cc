#include "text/dictionary.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/numbers.h"
#include "base/strings.h"
#include "elmo/error.h"
#include "text/utf8.h"

namespace elmo {
namespace {

constexpr std::string_view kUnknownMark = "<oov>", kPaddingMark = "<pad>", kBeginWordMark = "<bow>",
                           kEndWordMark = "<eow>";
constexpr std::string_view kIdeographicSpace = "\u3000";

}  // namespace

Dictionary::Dictionary(std::string bytes, const std::string& source,
                       std::span<const std::string_view> markers)
    : bytes_(std::move(bytes)) {
  std::int64_t largest = -1, number = 0, largest_line = 0;
  for (std::size_t at = 0; at < bytes_.size();) {
    const std::size_t end = std::min(bytes_.find('\n', at), bytes_.size());
    std::string_view line = std::string_view(bytes_).substr(at, end - at);
    at = end + 1;
    ++number;
    const auto fail = [&](const char* what) {
      throw Error(
          fmt::format("{}:{}: {}; a dictionary of ELMoForManyLangs has a key, a tab and an "
                      "id in each line",
                      source, number, what));
    };
    if (find_invalid_utf8(line) != std::string_view::npos) fail("not UTF-8");
    line = strip_whitespace(line);
    const std::size_t tab = line.find('\t');
    const bool is_bare = tab == std::string_view::npos;
    const std::string_view key = is_bare ? kIdeographicSpace : line.substr(0, tab);
    const std::string_view digits = is_bare ? line : line.substr(tab + 1);
    if (digits.find('\t') != std::string_view::npos) fail("has more than one tab");
    const std::int32_t id = parse_number<std::int32_t>(digits).value_or(-1);
    if (id < 0) fail("has no id");
    ids_.insert_or_assign(std::string(key), id);
    if (id > largest) {
      largest = id;
      largest_line = number;
    }
  }
  if (ids_.empty()) throw Error(source + ": is empty; a dictionary was expected");
  if (largest >= rows()) {
    throw Error(
        fmt::format("{}:{}: has the id {}, but there are {} entries; the file is damaged "
                    "or cut short",
                    source, largest_line, largest, rows()));
  }
  for (const std::string_view marker : markers) {
    if (find(marker)) continue;
    throw Error(fmt::format("{}: holds no {}, so it is not a dictionary of ELMoForManyLangs",
                            source, marker));
  }
}

std::optional<std::int32_t> Dictionary::find(std::string_view key) const {
  const auto found = ids_.find(key);
  return found == ids_.end() ? std::nullopt : std::optional(found->second);
}

void Coverage::add(const Coverage& other) {
  words += other.words;
  unknown_words += other.unknown_words;
  characters += other.characters;
  unknown_characters += other.unknown_characters;
}

void DictionaryCoverage::add(const DictionaryCoverage& other) {
  read.add(other.read);
  nfkc.add(other.nfkc);
  width.add(other.width);
}

DictionaryCoverage dictionary_coverage(const DictionaryReader& reader, std::string_view word) {
  return {reader.coverage(word, reader.normalisation()),
          reader.coverage(word, Normalisation::kNfkc),
          reader.coverage(word, Normalisation::kWidth)};
}

DictionaryReader::DictionaryReader(std::string words, const std::string& words_source,
                                   std::string characters, const std::string& characters_source,
                                   int positions, Normalisation normalisation)
    : positions_(positions), normalisation_(normalisation) {
  if (!words.empty()) {
    constexpr std::string_view kMarkers[] = {kBeginSentence, kEndSentence, kUnknownMark,
                                             kPaddingMark};
    words_.emplace(std::move(words), words_source, kMarkers);
    unknown_word_ = *words_->find(kUnknownMark);
  }
  if (characters.empty()) return;
  constexpr std::string_view kMarkers[] = {kBeginSentence, kEndSentence,   kUnknownMark,
                                           kPaddingMark,   kBeginWordMark, kEndWordMark};
  characters_.emplace(std::move(characters), characters_source, kMarkers);
  if (characters_->rows() > 1 << 16) {
    throw Error(fmt::format("{}: has {} characters, more than the 65,536 that elmo takes",
                            characters_source, characters_->rows()));
  }
  const auto id = [&](std::string_view marker) {
    return static_cast<std::uint16_t>(*characters_->find(marker));
  };
  unknown_ = id(kUnknownMark);
  padding_ = id(kPaddingMark);
  begin_word_ = id(kBeginWordMark);
  end_word_ = id(kEndWordMark);
  begin_sentence_ = id(kBeginSentence);
  end_sentence_ = id(kEndSentence);
}

std::string DictionaryReader::prepare(std::string_view word, Normalisation normalisation) const {
  std::string text = normalise(word, normalisation);
  std::size_t at = 0;
  for (int count = positions_ - 2; count > 0 && at < text.size(); --count) decode_utf8(text, at);
  text.resize(at);
  return text;
}

std::int32_t DictionaryReader::word_id(std::string_view prepared) const {
  return words_->find(prepared).value_or(unknown_word_);
}

void DictionaryReader::append_characters(std::string_view prepared,
                                         std::vector<std::uint16_t>& ids) const {
  ids.push_back(end_word_);
  if (prepared == kBeginSentence) {
    ids.push_back(begin_sentence_);
  } else if (prepared == kEndSentence) {
    ids.push_back(end_sentence_);
  } else {
    for (std::size_t at = 0; at < prepared.size();) {
      const std::size_t here = at;
      decode_utf8(prepared, at);
      const auto found = characters_->find(prepared.substr(here, at - here));
      ids.push_back(found ? static_cast<std::uint16_t>(*found) : unknown_);
    }
  }
  ids.push_back(begin_word_);
}

Coverage DictionaryReader::coverage(std::string_view word, Normalisation normalisation) const {
  const std::string prepared = prepare(word, normalisation);
  Coverage result;
  if (words_) {
    result.words = 1;
    result.unknown_words = !words_->find(prepared);
  }
  if (!characters_ || prepared == kBeginSentence || prepared == kEndSentence) return result;
  for (std::size_t at = 0; at < prepared.size(); ++result.characters) {
    const std::size_t here = at;
    decode_utf8(prepared, at);
    result.unknown_characters +=
        !characters_->find(std::string_view(prepared).substr(here, at - here));
  }
  return result;
}

bool DictionaryReader::operator==(const DictionaryReader& other) const {
  const auto equal = [](const std::optional<Dictionary>& a, const std::optional<Dictionary>& b) {
    return a.has_value() == b.has_value() && (!a || a->bytes() == b->bytes());
  };
  return positions_ == other.positions_ && normalisation_ == other.normalisation_ &&
         equal(words_, other.words_) && equal(characters_, other.characters_);
}

}  // namespace elmo
