#include "task/data_set.h"

#include <fmt/core.h>
#include <xxhash.h>

#include <algorithm>
#include <set>

#include "base/log.h"
#include "elmo/error.h"
#include "task/metrics.h"

namespace elmo {
namespace {

std::vector<std::string> cut(std::string_view text, Split split) {
  std::vector<std::string_view> words;
  split_words(text, split, words);
  return {words.begin(), words.end()};
}

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t") == std::string_view::npos;
}

// The two columns of a line.
std::pair<std::string_view, std::string_view> columns(std::string_view line,
                                                      const LineReader& reader,
                                                      std::string_view expected) {
  const auto found = std::count(line.begin(), line.end(), '\t') + 1;
  if (found != 2) {
    throw Error(fmt::format("{}:{}: {} columns, not 2; a line is {}, one tab between them",
                            reader.path(), reader.line_number(), found, expected));
  }
  const std::size_t tab = line.find('\t');
  if (is_blank(line.substr(0, tab))) {
    throw Error(fmt::format("{}:{}: the first column is empty; a line is {}", reader.path(),
                            reader.line_number(), expected));
  }
  return {line.substr(0, tab), line.substr(tab + 1)};
}

void read_texts(LineReader& reader, Split split, DataSet& data) {
  std::string_view line;
  while (reader.next(line)) {
    // Nothing at the end of a file is no example.
    if (line.empty()) continue;
    const auto [label, text] = columns(line, reader, "label<TAB>text");
    data.examples.push_back({cut(text, split), {std::string(label)}, reader.line_number()});
  }
}

// Lines with a blank line between examples: add(line, example) takes each of an example's.
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
    example.labels.emplace_back(tag);
  });
  if (LabelSet::of(data).bio()) check_bio(data);
}

LineReader open_data(const std::string& path, bool line_is_word, InvalidText invalid) {
  if (line_is_word && invalid == InvalidText::kSkip) {
    throw UsageError(
        "--invalid skip would take words out of sentences; --invalid replace keeps them");
  }
  return LineReader(path, invalid);
}

void check_whole(const LineReader& reader, const DataSet& data) {
  if (data.examples.empty()) throw Error(data.path + ": holds no example");
  if (reader.invalid_lines() > 0) {
    log::warn("{}: {} lines were not UTF-8", data.path, reader.invalid_lines());
  }
}

}  // namespace

std::string_view task_name(TaskKind task) {
  return task == TaskKind::kClassify ? "classify" : "tag";
}

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

DataSet read_data_set(const std::string& path, TaskKind task, Split split, InvalidText invalid) {
  DataSet data{path, task, {}};
  LineReader reader = open_data(path, task == TaskKind::kTag, invalid);
  if (task == TaskKind::kClassify) {
    read_texts(reader, split, data);
  } else {
    read_sentences(reader, data);
  }
  check_whole(reader, data);
  return data;
}

DataSet read_unlabelled(const std::string& path, TaskKind task, TextForm form, Split split,
                        InvalidText invalid) {
  DataSet data{path, task, {}};
  LineReader reader = open_data(path, form == TextForm::kTokens, invalid);
  if (form == TextForm::kTokens) {
    read_blocks(reader, data, [](std::string_view line, Example& example) {
      example.words.emplace_back(line.substr(0, line.find('\t')));
    });
  } else {
    std::string_view line;
    while (reader.next(line)) {
      data.examples.push_back({cut(line, split), {}, reader.line_number()});
    }
  }
  check_whole(reader, data);
  return data;
}

void check_bio(const DataSet& data) {
  for (const Example& example : data.examples) {
    for (std::size_t i = 0; i < example.labels.size(); ++i) {
      if (is_bio_tag(example.labels[i])) continue;
      throw Error(fmt::format(
          "{}:{}: tag '{}' is none of O, B-TYPE, I-TYPE, which the others are; correct it",
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
    ids_.emplace(names_[i], static_cast<std::int32_t>(i));
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
  const auto found = ids_.find(name);
  return found == ids_.end() ? -1 : found->second;
}

bool LabelSet::bio() const {
  return std::any_of(names_.begin(), names_.end(), [](const std::string& name) {
    return name.starts_with("B-") || name.starts_with("I-");
  });
}

}  // namespace elmo
