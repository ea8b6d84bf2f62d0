// Labelled data: texts with one label each, or sentences with a tag for each word.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/line_reader.h"
#include "text/words.h"

namespace elmo::task {

enum class Kind { kClassify, kTag };
std::string_view task_name(Kind task);  // "classify", "tag"

struct Example {
  std::vector<std::string> words;
  // One for kClassify, one for each word for kTag; empty in data without labels.
  std::vector<std::string> labels;
  std::uint64_t line = 0;  // its first line in the file, from 1
};

struct DataSet {
  std::string path;
  Kind task = Kind::kClassify;
  std::vector<Example> examples;

  std::int64_t words() const;
  // The number of texts without words.
  std::int64_t empty_texts() const;
  // A hash of all words and labels, 16 hexadecimal digits.
  std::string fingerprint() const;
};

// The readers warn of lines that are not UTF-8 unless they refuse them. Skipping such lines is a
// UsageError if a line is a word. The number of words of a text is limited, because a network
// processes it as a whole, at kilobytes of memory for each word.
inline constexpr std::size_t kLongestText = std::size_t{1} << 18;

// kClassify: `label<TAB>text`, the text cut by `split`. kTag: `token<TAB>tag`, with a blank line
// between sentences; if one tag begins with B- or I-, all must be BIO tags. Blanks around labels
// and tokens are removed; labels are converted to normalisation form C. Throws Error with file and
// line for a wrong number of columns, an empty label, a tag that is not BIO, a text that is too
// long, and a file without examples.
DataSet read_data_set(const std::string& path, Kind task, Split split,
                      InvalidText invalid = InvalidText::kRefuse);

// Throws Error with file and line for the first tag that is not BIO.
void check_bio(const DataSet& data);
// Converts tags to IOB2: an I-X that begins an entity becomes B-X. Returns the number of changes.
std::int64_t repair_bio(DataSet& data);

// The labels of a task, in the order of their ids.
class LabelSet {
 public:
  LabelSet() = default;
  explicit LabelSet(std::vector<std::string> labels);
  // The labels of a data set, sorted by their bytes.
  static LabelSet of(const DataSet& data);

  std::int64_t size() const { return static_cast<std::int64_t>(names_.size()); }
  const std::vector<std::string>& names() const { return names_; }
  const std::string& name(std::int32_t id) const { return names_[static_cast<std::size_t>(id)]; }
  // Returns -1 for an unknown label.
  std::int32_t id(const std::string& name) const;
  // Is any label B-X or I-X?
  bool bio() const;

 private:
  std::vector<std::string> names_;
  std::unordered_map<std::string, std::int32_t> ids_;
};

enum class TextForm { kText, kTokens };
// Reads data without labels. kText: one text or sentence a line, cut by `split`; a blank line is a
// text without words. kTokens: one token a line (anything after a tab is ignored), with a blank
// line between sentences. Labelled data may be read too: if all lines have one of `labels` beside
// their only tab, texts lose it, with a message; sentences of such lines are an Error that
// recommends kTokens.
DataSet read_unlabelled(const std::string& path, Kind task, TextForm form, Split split,
                        const LabelSet& labels, InvalidText invalid = InvalidText::kRefuse);

// Reads the distance at the beginning of each line of a list of places, followed by a tab or by
// nothing. Blank lines are allowed at the end. Throws Error with file and line for anything else.
std::vector<std::int64_t> read_distances(const std::string& path);

}  // namespace elmo::task
