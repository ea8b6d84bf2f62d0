// Labelled data: texts with a label each, or sentences with a tag a word.
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
  // Of kClassify one, of kTag one a word; empty in data without labels.
  std::vector<std::string> labels;
  std::uint64_t line = 0;  // its first line in the file, from 1
};

struct DataSet {
  std::string path;
  Kind task = Kind::kClassify;
  std::vector<Example> examples;

  std::int64_t words() const;
  // Texts without a word.
  std::int64_t empty_texts() const;
  // 16 hexadecimal digits of all words and labels.
  std::string fingerprint() const;
};

// Readers of data warn of lines that are not UTF-8 unless they refuse them; to skip them is a
// UsageError where a line is a word. A text or sentence has at most kLongestText words: it goes
// through a network as a whole, which takes kilobytes a word.
inline constexpr std::size_t kLongestText = std::size_t{1} << 18;

// kClassify: `label<TAB>text`, the text cut by `split`. kTag: `token<TAB>tag`, a blank line between
// sentences; where a tag begins with B- or I-, all have to be BIO. Blanks around a label or a token
// are none of it; labels are brought to normalisation form C. Throws Error with file and line:
// another number of columns, an empty label, a tag that is not BIO, a text that is too long, no
// example at all.
DataSet read_data_set(const std::string& path, Kind task, Split split,
                      InvalidText invalid = InvalidText::kRefuse);

// Throws Error with file and line for the first tag that is not BIO.
void check_bio(const DataSet& data);
// Makes tags IOB2: an I-X that begins an entity becomes B-X. Returns how many.
std::int64_t repair_bio(DataSet& data);

// The labels of a task, in the order of their numbers.
class LabelSet {
 public:
  LabelSet() = default;
  explicit LabelSet(std::vector<std::string> labels);
  // Sorted by bytes.
  static LabelSet of(const DataSet& data);

  std::int64_t size() const { return static_cast<std::int64_t>(names_.size()); }
  const std::vector<std::string>& names() const { return names_; }
  const std::string& name(std::int32_t id) const { return names_[static_cast<std::size_t>(id)]; }
  // -1 for an unknown one.
  std::int32_t id(const std::string& name) const;
  // Is there a B-X or I-X among them?
  bool bio() const;

 private:
  std::vector<std::string> names_;
  std::unordered_map<std::string, std::int32_t> ids_;
};

enum class TextForm { kText, kTokens };
// Without labels. kText: a text or sentence a line, cut by `split`, a blank line being a text
// without words. kTokens: a token a line (what follows a tab is passed over), a blank line between
// sentences. Data with labels serves too: where all lines of texts have one of `labels` before
// their only tab, those are passed over with a message; sentences of such lines are an Error that
// names kTokens.
DataSet read_unlabelled(const std::string& path, Kind task, TextForm form, Split split,
                        const LabelSet& labels, InvalidText invalid = InvalidText::kRefuse);

// What each line of a list of places begins with: a distance, before a tab or alone. Blank lines
// may end the file. Throws Error with file and line for anything else.
std::vector<std::int64_t> read_distances(const std::string& path);

}  // namespace elmo::task
