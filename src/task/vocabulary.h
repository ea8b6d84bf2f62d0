// Which words and word ends have a learned vector.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/strings.h"
#include "task/data_set.h"

namespace elmo::task {

// Names in the order of their rows; row 0 is everything else. Names are compared in normalisation
// form C.
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
  // Word ends of one to three characters: what is left of a word that has no row.
  NameTable ends;

  // Words seen twice or more, by falling frequency, behind `given` ones; ends of two or more
  // different words.
  static Vocabulary of(const DataSet& data, const std::vector<std::string>& given);

  // As written, else in lower case (ASCII), else 0.
  std::int32_t word_row(std::string_view word) const;
  // The longest end that is known, else 0.
  std::int32_t end_row(std::string_view word) const;
};

}  // namespace elmo::task
