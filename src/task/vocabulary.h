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

// Names in the order of their rows in an embedding table; row 0 stands for every other name. Names
// are compared in normalisation form C.
class NameTable {
 public:
  NameTable() = default;
  // Without row 0.
  explicit NameTable(std::vector<std::string> names);

  std::int64_t rows() const { return static_cast<std::int64_t>(names_.size()) + 1; }
  const std::vector<std::string>& names() const { return names_; }
  std::int32_t row(std::string_view name) const;

  // As a file holds them: one a line.
  std::string bytes() const;
  static NameTable from_bytes(std::string_view bytes);

 private:
  std::vector<std::string> names_;
  StringMap<std::int32_t> rows_;  // by normalisation form C
};

struct Vocabulary {
  NameTable words;
  // Word ends of one to three characters; they say something of a word that has no row.
  NameTable ends;

  // First the `given` words, then those that occur at least twice, by descending frequency; word
  // ends that at least two different words have.
  static Vocabulary of(const DataSet& data, const std::vector<std::string>& given);

  // The row of the word as written, else in lower case (ASCII), else 0.
  std::int32_t word_row(std::string_view word) const;
  // The row of the word's longest known end, else 0.
  std::int32_t end_row(std::string_view word) const;
};

}  // namespace elmo::task
