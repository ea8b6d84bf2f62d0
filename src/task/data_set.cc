#include "task/data_set.h"

#include <fmt/core.h>
#include <xxhash.h>

#include <algorithm>
#include <set>

#include "base/log.h"
#include "base/numbers.h"
#include "base/strings.h"
#include "elmo/error.h"
#include "task/metrics.h"
#include "text/utf8.h"

namespace elmo::task {
namespace {

[[noreturn]] void too_long(const LineReader& reader, std::uint64_t line) {
  throw Error(fmt::format("{}:{}: has more than the {} words that a text may have; cut it",
                          reader.path(), line, kLongestText));
}

// The words of the reader's current line, or of a part of it.
std::vector<std::string> cut(std::string_view text, Split split, const LineReader& reader) {
  std::vector<std::string_view> words;
  split_words(text, split, words);
  if (words.size() > kLongestText) too_long(reader, reader.line_number());
  return {words.begin(), words.end()};
}

// The two columns of a line, without blanks around them.
std::pair<std::string_view, std::string_view> columns(std::string_view line,
                                                      const LineReader& reader,
                                                      std::string_view expected) {
  const auto found = std::count(line.begin(), line.end(), '\t') + 1;
  if (found != 2) {
    throw Error(fmt::format("{}:{}: {} columns instead of 2; a line is {}, with one tab",
                            reader.path(), reader.line_number(), found, expected));
  }
  const std::size_t tab = line.find('\t');
  if (is_blank(line.substr(0, tab))) {
    throw Error(fmt::format("{}:{}: the first column is empty; a line is {}", reader.path(),
                            reader.line_number(), expected));
  }
  return {trim_blanks(line.substr(0, tab)), trim_blanks(line.substr(tab + 1))};
}

void read_texts(LineReader& reader, Split split, DataSet& data) {
  std::string_view line;
  while (reader.next(line)) {
    // Blank lines are skipped.
    if (is_blank(line)) continue;
    const auto [label, text] = columns(line, reader, "label<TAB>text");
    data.examples.push_back({cut(text, split, reader), {to_nfc(label)}, reader.line_number()});
  }
}

// Reads examples separated by blank lines; add(line, example) takes each line of one.
template <typename F>
void read_blocks(LineReader& reader, DataSet& data, F&& add) {
  bool open = false;
  std::string_view line;
  while (reader.next(line)) {
    if (is_blank(line)) {
      open = false;
      continue;
    }
    if (!open) data.examples.push_back({{}, {}, reader.line_number()});
    open = true;
    add(line, data.examples.back());
    if (data.examples.back().words.size() > kLongestText) {
      too_long(reader, data.examples.back().line);
    }
  }
}

void read_sentences(LineReader& reader, DataSet& data) {
  read_blocks(reader, data, [&](std::string_view line, Example& example) {
    const auto [token, tag] = columns(line, reader, "token<TAB>tag");
    if (is_blank(tag)) {
      throw Error(fmt::format("{}:{}: the tag is empty; a line is token<TAB>tag", reader.path(),
                              reader.line_number()));
    }
    example.words.emplace_back(token);
    example.labels.push_back(to_nfc(tag));
  });
  if (LabelSet::of(data).bio()) check_bio(data);
}

LineReader open_data(const std::string& path, bool line_is_word, InvalidText invalid) {
  if (line_is_word && invalid == InvalidText::kSkip) {
    throw UsageError(
        "--invalid skip would remove words from sentences; --invalid replace keeps them");
  }
  return LineReader(path, invalid);
}

void check_whole(const LineReader& reader, const DataSet& data) {
  if (data.examples.empty()) throw Error(data.path + ": holds no example");
  reader.warn_of_invalid_lines();
}

}  // namespace

std::string_view task_name(Kind task) { return task == Kind::kClassify ? "classify" : "tag"; }

std::int64_t DataSet::words() const {
  std::int64_t sum = 0;
  for (const Example& example : examples) sum += static_cast<std::int64_t>(example.words.size());
  return sum;
}

std::int64_t DataSet::empty_texts() const {
  return std::count_if(examples.begin(), examples.end(),
                       [](const Example& example) { return example.words.empty(); });
}

std::string DataSet::fingerprint() const {
  XXH64_hash_t hash = 0;
  const auto mix = [&](const std::string& text) {
    hash = XXH3_64bits_withSeed(text.data(), text.size(), hash + 1);
  };
  for (const Example& example : examples) {
    for (const std::string& word : example.words) mix(word);
    mix("\n");
    for (const std::string& label : example.labels) mix(label);
  }
  return fmt::format("{:016x}", hash);
}

DataSet read_data_set(const std::string& path, Kind task, Split split, InvalidText invalid) {
  DataSet data{path, task, {}};
  LineReader reader = open_data(path, task == Kind::kTag, invalid);
  if (task == Kind::kClassify) {
    read_texts(reader, split, data);
  } else {
    read_sentences(reader, data);
  }
  check_whole(reader, data);
  return data;
}

DataSet read_unlabelled(const std::string& path, Kind task, TextForm form, Split split,
                        const LabelSet& labels, InvalidText invalid) {
  DataSet data{path, task, {}};
  LineReader reader = open_data(path, form == TextForm::kTokens, invalid);
  if (form == TextForm::kTokens) {
    read_blocks(reader, data, [](std::string_view line, Example& example) {
      example.words.emplace_back(trim_blanks(line.substr(0, line.find('\t'))));
    });
    check_whole(reader, data);
    return data;
  }
  // How many words of each line are in a label column, as long as there may be one.
  std::vector<std::size_t> label_words;
  bool has_labels = true;
  std::string_view line;
  while (reader.next(line)) {
    data.examples.push_back({cut(line, split, reader), {}, reader.line_number()});
    if (!has_labels) continue;
    const std::size_t tab = line.find('\t');
    const auto column = [&](bool label) {
      if (tab == std::string_view::npos) return std::string();
      return std::string(trim_blanks(label ? line.substr(0, tab) : line.substr(tab + 1)));
    };
    has_labels = is_blank(line) || (std::ranges::count(line, '\t') == 1 &&
                                    labels.id(column(task == Kind::kClassify)) >= 0);
    label_words.push_back(is_blank(line) ? 0 : cut(column(true), split, reader).size());
  }
  check_whole(reader, data);
  const bool has_words = std::ranges::any_of(label_words, [](std::size_t n) { return n > 0; });
  if (!has_labels || !has_words) return data;
  if (task == Kind::kTag) {
    throw Error(path +
                ": each of its lines is a token, a tab and a tag; read it with --form tokens");
  }
  log::info("{}: is labelled; the labels are ignored", path);
  for (std::size_t i = 0; i < data.examples.size(); ++i) {
    auto& words = data.examples[i].words;
    words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(label_words[i]));
  }
  return data;
}

void check_bio(const DataSet& data) {
  for (const Example& example : data.examples) {
    for (std::size_t i = 0; i < example.labels.size(); ++i) {
      if (is_bio_tag(example.labels[i])) continue;
      throw Error(
          fmt::format("{}:{}: tag '{}' is not O, B-TYPE or I-TYPE, as the others are; correct it",
                      data.path, example.line + i, example.labels[i]));
    }
  }
}

std::int64_t repair_bio(DataSet& data) {
  std::int64_t repaired = 0;
  for (Example& example : data.examples) {
    std::string before = "O";
    for (std::string& tag : example.labels) {
      if (tag.starts_with("I-") && (before == "O" || std::string_view(before).substr(2) !=
                                                         std::string_view(tag).substr(2))) {
        tag[0] = 'B';
        ++repaired;
      }
      before = tag;
    }
  }
  return repaired;
}

LabelSet::LabelSet(std::vector<std::string> labels) : names_(std::move(labels)) {
  for (std::size_t i = 0; i < names_.size(); ++i) {
    ids_.emplace(to_nfc(names_[i]), static_cast<std::int32_t>(i));
  }
}

LabelSet LabelSet::of(const DataSet& data) {
  std::set<std::string> names;
  for (const Example& example : data.examples) {
    names.insert(example.labels.begin(), example.labels.end());
  }
  return LabelSet({names.begin(), names.end()});
}

std::int32_t LabelSet::id(const std::string& name) const {
  const auto found = ids_.find(to_nfc(name));
  return found == ids_.end() ? -1 : found->second;
}

bool LabelSet::bio() const {
  return std::any_of(names_.begin(), names_.end(), [](const std::string& name) {
    return name.starts_with("B-") || name.starts_with("I-");
  });
}

std::vector<std::int64_t> read_distances(const std::string& path) {
  LineReader reader(path);
  std::vector<std::int64_t> distances;
  std::string_view line;
  bool ended = false;
  while (reader.next(line)) {
    const std::string_view first = trim_blanks(line.substr(0, line.find('\t')));
    if (is_blank(line)) {
      ended = true;
      continue;
    }
    const auto distance = parse_number<std::int64_t>(first);
    if (ended || !distance) {
      throw Error(fmt::format("{}:{}: {}", path, reader.line_number(),
                              ended ? "follows a blank line; line i belongs to example i"
                                    : "does not begin with a distance and a tab"));
    }
    distances.push_back(*distance);
  }
  return distances;
}

}  // namespace elmo::task
