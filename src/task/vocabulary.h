// The words and word ends that have a learned vector.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/strings.h"
#include "task/data_set.h"

namespace elmo::task {

// Names in the order of their rows in an embedding table. Row 0 stands for all other names. Names
// are compared in normalisation form C.
class NameTable {
 public:
  NameTable() = default;
  // `names` does not include row 0.
  explicit NameTable(std::vector<std::string> names);

  std::int64_t rows() const { return static_cast<std::int64_t>(names_.size()) + 1; }
  const std::vector<std::string>& names() const { return names_; }
  std::int32_t row(std::string_view name) const;

  // The names as stored in a file, one a line.
  std::string bytes() const;
  static NameTable from_bytes(std::string_view bytes);

 private:
  std::vector<std::string> names_;
  StringMap<std::int32_t> rows_;  // keyed by normalisation form C
};

struct Vocabulary {
  NameTable words;
  // Word ends of one to three characters, which tell something about words without a row.
  NameTable ends;

  // The `given` words come first, then words that occur at least twice, by descending frequency.
  // Word ends are those that at least two different words have.
  static Vocabulary of(const DataSet& data, const std::vector<std::string>& given);

  // The row of the word as written, else in lower case (ASCII), else 0.
  std::int32_t word_row(std::string_view word) const;
  // The row of the word's longest known end, else 0.
  std::int32_t end_row(std::string_view word) const;
};

}  // namespace elmo::task
