// Static word vectors in text files.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace elmo::task {

struct WordVectorTable {
  std::int64_t dimension = 0;
  std::vector<std::string> words;
  std::vector<float> values;  // (words, dimension)
};

// Reads word2vec's and fastText's text format (a first line `COUNT DIMENSION`) and GloVe's (none):
// a word and its numbers a line, separated by blanks. Words are brought to normalisation form C; a
// blank line at the end of the file is nothing. Kept are the first `most` words and beyond
// them those that are `wanted`; of a word that stands twice the first. Memory is bounded by what
// is kept. Throws Error with file and line: another number of numbers than the first line has, no
// number, one that is not finite, a line whose count was promised missing, no vector; word2vec's
// binary form.
WordVectorTable read_word_vectors(const std::string& path, std::size_t most,
                                  const std::function<bool(std::string_view)>& wanted);

}  // namespace elmo::task
